#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/12509
# Area: takeover
# Where: cluster
# Found: right
# Lines of rbdmap's devices in fstab need noauto, and people add what keeps the boot going: it is kept.
. "$(dirname -- "$0")/cluster-lib.sh"
on_exit "rm -rf /run/$pool"
mkdir -p "/run/$pool"
echo "$pool/x id=admin" >"/run/$pool/map"
becomes() { # OPTIONS PASS WANTED
	echo "/dev/rbd/$pool/x /srv/my\\040data xfs $1 $2" >"/run/$pool/fstab"
	is "$1 $2" "$(RBDVOLTAB=/run/none FSTAB=/run/$pool/fstab rbdvol rbdmap "/run/$pool/map" --json 2>/dev/null | jq -r '.fstab[].then')" \
		"/dev/rbdvol/$pool/x /srv/my\\040data xfs $3"
}
becomes noauto,nofail '0 0' 'nofail,_netdev 0 0'
becomes noauto,noatime,_netdev '0 2' 'noatime,_netdev 0 2'
becomes noauto,ro,x-systemd.device-timeout=30s,user '0 0' 'ro,x-systemd.device-timeout=30s,user,_netdev 0 0'
becomes noauto '' '_netdev'
done_testing
