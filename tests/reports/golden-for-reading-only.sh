#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/stackhpc/stackhpc-kayobe-config/pull/1375
# Area: clone
# Where: cluster
# Found: the error asked for more rights, and did not say that it is a snapshot that is lacking
# The user may only read the pool of golden images: clones need a snapshot there, which it cannot take.
. "$(dirname -- "$0")/cluster-lib.sh"
another_pool "$pool-golden"
rbd create --size 16M "$pool-golden/golden"
ceph auth get-or-create client.cloner mon 'profile rbd' osd "profile rbd pool=$pool, profile rbd-read-only pool=$pool-golden" \
	>/etc/ceph/ceph.client.cloner.keyring 2>/dev/null
on_exit 'rm -f /etc/ceph/ceph.client.cloner.keyring; ceph auth rm client.cloner'
refuses "a clone that needs a snapshot is refused, with what helps" 8 "only read there, and no snapshot fits.*rbdvol snapshot" \
	rbdvol create --id cloner "$pool/a" --from "$pool-golden/golden"
is "nothing is left of it" "$(rbd ls "$pool")" ''
rbdvol create "$pool/first" --from "$pool-golden/golden" 2>/dev/null
ok "where somebody has made one, it is cloned" rbdvol create --id cloner "$pool/a" --from "$pool-golden/golden"
ok "and one that is named" rbdvol create --id cloner "$pool/b" \
	--from "$pool-golden/golden@$(rbd snap ls --format json "$pool-golden/golden" | jq -r '.[0].name')"
ok "such a clone is deleted" rbdvol delete --id cloner "$pool/a"
done_testing
