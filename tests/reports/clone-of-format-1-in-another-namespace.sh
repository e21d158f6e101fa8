#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/30823
# Area: clone
# Where: cluster
# Found: 'Invalid cross-device link', with nothing else, and the snapshot that was taken for it stayed
# Clones of format 1 must be in their parent's namespace; Ceph says 'Cross-device link' or less of it.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd namespace create "$pool/team"
rbd create --size 16M "$pool/golden"
refuses "it is refused, with the reason and what helps" 9 'another namespace than its parent .*format 1.*--clone-format 2' \
	rbdvol create "$pool/team/web" --from "$pool/golden" --clone-format 1
is "nothing of it is left" "$(rbd ls "$pool/team"; rbdvol prune --dry-run "$pool/golden" 2>/dev/null)" ''
is "no snapshot is" "$(rbd snap ls --all --format json "$pool/golden" | jq length)" 0
ok "format 2 works" rbdvol create "$pool/team/web" --from "$pool/golden"
ok "format 1 does in one namespace" rbdvol create "$pool/web" --from "$pool/golden" --clone-format 1
done_testing
