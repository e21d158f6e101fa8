#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/36008
# Area: map
# Where: guest
# Found: right
# Options of newer kernels have values with bars and colons in them, or from a list; what passes them on must know neither.
. "$(dirname -- "$0")/guest-lib.sh"
rbd create --size 16M "$pool/vol"
info() { cat "/sys/bus/rbd/devices/$(readlink -f "/dev/rbdvol/$pool/vol" | tr -dc 0-9)/config_info"; }
ok "attached with them" rbdvol attach "$pool/vol" -o 'read_from_replica=localize,crush_location=host:web1|rack:r-1|rack:r-2' \
	-o compression_hint=compressible,abort_on_full,queue_depth=16
like "the kernel has the location" "$(info)" 'crush_location=host:web1\|rack:r-1\|rack:r-2'
like "and the others" "$(info)" 'read_from_replica=localize.*compression_hint=compressible'
is "what is a default as well is there once" "$(info | tr ', ' '\n' | grep -c abort_on_full)" 1
ok "a write and a read" dd if=/dev/zero of="/dev/rbdvol/$pool/vol" bs=64k count=1 oflag=direct
ok "detached" rbdvol detach "$pool/vol"
refuses "a value that is not of the list is told" 2 'read_from_replica' rbdvol attach "$pool/vol" -o read_from_replica=nearest
refuses "and a place without a type" 2 'crush_location' rbdvol attach "$pool/vol" -o crush_location=web1
done_testing
