#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/OpenNebula/one/issues/5446
# Area: clone
# Where: cluster
# Found: told the snapshot, and not where to see its clones
# The snapshot of a golden image was removed while it had clones: no list has it, and the image cannot be deleted.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/golden"
rbd snap create --no-progress "$pool/golden@base"
rbd clone --rbd-default-clone-format 2 "$pool/golden@base" "$pool/web"
rbd snap rm --no-progress "$pool/golden@base"
is "rbd shows no snapshot" "$(rbd snap ls --format json "$pool/golden")" '[]'
like "tree has it, with its clone" "$(rbdvol tree "$pool/golden")" "web"
said=$(rbdvol delete "$pool/golden" 2>&1)
is "it is not deleted" $? 5
like "which tells where its clones are named" "$said" "rbdvol tree $pool/golden"
ok "nothing of it is gone" rbd info "$pool/golden"
ok "the clone is flattened" rbdvol flatten "$pool/web"
ok "then it is deleted" rbdvol delete "$pool/golden"
done_testing
