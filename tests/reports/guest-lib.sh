# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For a report that is played in a plain guest: $pool, and rbdvold. Sourced first.
# shellcheck source-path=SCRIPTDIR/../lab
. "$(dirname -- "${BASH_SOURCE[0]}")/../lab/tap.sh"
in_guest "$@"
. "$(dirname -- "${BASH_SOURCE[0]}")/common-lib.sh"

# One daemon serves all reports of a guest; a report that ended it gets a new one.
serving() {
	rbdvol jobs >/dev/null 2>&1 || {
		(ulimit -c unlimited && exec setsid rbdvold --foreground >>/var/log/rbdvold.log 2>&1 </dev/null) &
		# shellcheck disable=SC2016
		timeout 180 bash -c 'until rbdvol jobs >/dev/null 2>&1; do sleep 0.1; done' || {
			cat /var/log/rbdvold.log >&2
			bail_out "rbdvold does not serve"
		}
	}
}

report_over() {
	set +eu
	what_was_asked_for
	unset RBDVOL_SOCKET
	serving
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r -n1 timeout 60 rbdvol detach >&2
	pools_over
}
trap report_over EXIT

pool_create "$pool"
serving
