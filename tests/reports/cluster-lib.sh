# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For a report that needs no device: $pool, and a rbdvold beside the cluster, on this machine. What it writes into /etc and
# /run is seen by the report alone, and gone at its end. Sourced first.
# shellcheck source-path=SCRIPTDIR/../lab
. "$(dirname -- "${BASH_SOURCE[0]}")/../lab/tap.sh"
[[ -n ${RBDVOL_IN_CLUSTER-} ]] || {
	"$tap_tools/cluster" start >&2 || bail_out "the cluster did not start"
	exec "$tap_tools/cluster" exec env RBDVOL_IN_CLUSTER=1 unshare --mount --propagation private \
		bash "$(readlink -f -- "$0")" </dev/null
}
. "$(dirname -- "${BASH_SOURCE[0]}")/common-lib.sh"
{
	mount -t tmpfs tmpfs /run && mkdir /run/upper /run/work &&
		mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc &&
		mkdir -p /etc/ceph && sed '/^keyring = /d' "$CEPH_CONF" >/etc/ceph/ceph.conf &&
		cp "${CEPH_CONF%/*}/ceph.client.admin.keyring" /etc/ceph/
} || bail_out "this report cannot be kept apart"
unset CEPH_CONF
export PATH=$top_builddir/stage/usr/bin:$top_builddir/stage/usr/sbin:$PATH LC_ALL=C.UTF-8 RBDVOL_SOCKET=/run/rbdvold.sock

report_over() {
	set +eu
	kill $daemon
	wait $daemon
	what_was_asked_for
	pools_over
}

pool_create "$pool"
rbdvold --foreground --socket $RBDVOL_SOCKET 2>/run/rbdvold.log &
daemon=$!
trap report_over EXIT
wait_for 60 rbdvol jobs || bail_out "rbdvold does not serve: $(cat /run/rbdvold.log)"
