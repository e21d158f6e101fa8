#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/rook/rook/issues/11522
# Area: map
# Where: guest
# Found: right
# The cluster takes encrypted connections only; 'rbd map' speaks the old protocol unless it is told, and fails with nothing said.
. "$(dirname -- "$0")/guest-lib.sh"
rbd create --size 16M "$pool/vol"
modes=(ms_cluster_mode ms_service_mode ms_client_mode ms_mon_cluster_mode ms_mon_service_mode ms_mon_client_mode)
for mode in "${modes[@]}"; do
	on_exit "ceph config rm global $mode"
	ceph config set global "$mode" secure
done
link=$(rbdvol attach "$pool/vol")
is "it is attached without an option" "$link" "/dev/rbdvol/$pool/vol"
ok "and written" dd if=/dev/zero of="$link" bs=64k count=1 oflag=direct
ok "detached" rbdvol detach "$pool/vol"
ok "so it is with ms_mode=secure" rbdvol attach "$pool/vol" -o ms_mode=secure
ok "and detached" rbdvol detach "$pool/vol"
ok "volumes are made" rbdvol create "$pool/web" --from "$pool/vol"
done_testing
