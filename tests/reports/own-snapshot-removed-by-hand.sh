#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/canonical/lxd/issues/14728
# Area: clone
# Where: cluster
# Found: right
# Somebody has removed the snapshot that clones were made of; from then on no clone of the image can be made.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/golden"
rbdvol create "$pool/a" --from "$pool/golden" 2>/dev/null
rbd snap rm --no-progress "$pool/golden@$(rbd snap ls --format json "$pool/golden" | jq -r '.[0].name')"
ok "another clone is made" rbdvol create "$pool/b" --from "$pool/golden"
like "of a new snapshot" "$(rbd snap ls --format json "$pool/golden" | jq -r '.[].name')" '^rbdvol-'
ok "what is there is fine" rbdvol create "$pool/a" --from "$pool/golden"
rbdvol delete "$pool/a" "$pool/b"
ok "with the last clone all is gone" rbdvol delete "$pool/golden"
done_testing
