#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/Corsinvest/cv4pve-barc/issues/5
# Area: clone
# Where: cluster
# Found: the advice was to remove the snapshot, which fails where it is protected
# A backup has left a protected snapshot; the image cannot be deleted, and nothing tells how it could.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/vol"
rbd snap create --no-progress "$pool/vol@barcdaily"
rbd snap protect "$pool/vol@barcdaily"
refuses "it is refused, with the snapshot and that it is protected" 5 "has 1 snapshot: barcdaily.*rbd snap unprotect" rbdvol delete "$pool/vol"
rbd snap unprotect "$pool/vol@barcdaily"
rbd snap rm --no-progress "$pool/vol@barcdaily"
ok "what it says helps" rbdvol delete "$pool/vol"
done_testing
