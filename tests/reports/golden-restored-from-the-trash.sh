#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/red-hat-storage/cephci/pull/2132
# Area: clone
# Where: cluster
# Found: right
# The golden image is moved to the trash and restored, under another name: it must serve as before.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/golden"
rbdvol create "$pool/a" --from "$pool/golden" 2>/dev/null
id=$(rbd info --format json "$pool/golden" | jq -r .id)
rbd trash mv "$pool/golden"
like "in the trash it is told to be there" "$(rbdvol show "$pool/a" --json | jq -c '[.parent, .parent_in_trash]')" 'true'
refuses "and not cloned" 3 "no image '$pool/golden'" rbdvol create "$pool/b" --from "$pool/golden"
rbd trash restore --image golden2 "$pool/$id"
ok "restored it is" rbdvol create "$pool/b" --from "$pool/golden2"
is "of the snapshot that is there" "$(rbd snap ls --format json "$pool/golden2" | jq length)" 1
like "and known as the parent of the first clone" "$(rbdvol show "$pool/a" --json | jq -r .parent)" "^$pool/golden2@"
done_testing
