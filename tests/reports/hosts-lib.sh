# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For a report of two hosts: guests a and b with rbdvold, and $pool. Sourced first.
# shellcheck source-path=SCRIPTDIR/../lab
. "$(dirname -- "${BASH_SOURCE[0]}")/../lab/tap.sh"
in_lab a b
pool=$(basename -- "$0" .sh)
at_exit=()

# Have COMMAND done at the end, the last one first.
on_exit() { # COMMAND
	at_exit=("$1" "${at_exit[@]}")
}

# Guests stay for the next report, as their daemons do.
serving() { # GUEST
	on "$1" rbdvol jobs >/dev/null 2>&1 || serve "$1"
}

report_over() {
	local command guest
	set +eu
	for command in "${at_exit[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
	for guest in a b; do
		serving "$guest"
		on "$guest" --sh 'rbdvol list --json | jq -r ".volumes[].device" | xargs -r -n1 timeout 60 rbdvol detach' >&2
	done
	pool_delete "$pool" 2>/dev/null
}
trap report_over EXIT

pool_create "$pool"
serving a
serving b
