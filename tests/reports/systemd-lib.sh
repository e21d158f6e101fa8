# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For a report that needs a guest with systemd: guest s, up already or booted now, and $pool. A report that reboots it
# leaves it up. `guest COMMAND…` runs something there.
# shellcheck source-path=SCRIPTDIR/../lab
. "$(dirname -- "${BASH_SOURCE[0]}")/../lab/tap.sh"
guest_name=s pool=$(basename -- "$0" .sh)
at_exit=()

# Have COMMAND done at the end, the last one first.
on_exit() { # COMMAND
	at_exit=("$1" "${at_exit[@]}")
}

rbd() { cluster rbd "$@"; }
ceph() { cluster ceph "$@"; }

report_over() {
	local command
	[[ $tap_failures == 0 ]] || systemd_guest_tells
	set +eu
	for command in "${at_exit[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
	guest --sh ': >/etc/fstab; rm -f /etc/rbdvoltab; systemctl daemon-reload
		rbdvol list --json | jq -r ".volumes[].device" | xargs -r -n1 timeout 60 rbdvol detach' >&2
	pool_delete "$pool" 2>/dev/null
}
trap report_over EXIT

[[ -x $top_builddir/stage/usr/bin/rbdvol ]] || bail_out "no $top_builddir/stage: make stage"
"$tap_tools/cluster" start >&2 || bail_out "the cluster did not start"
guest true 2>/dev/null || boot fresh
pool_create "$pool"
guest systemctl start rbdvold.socket
