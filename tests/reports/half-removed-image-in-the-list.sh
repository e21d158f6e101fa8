#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/71683
# Area: names
# Where: cluster
# Found: right
# A removal was interrupted: of one image there is no more than a part, and no list of the pool succeeds.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/good"
rbd create --size 16M "$pool/half"
rados -p "$pool" rm "rbd_header.$(rbd info --format json "$pool/half" | jq -r .id)"
out=$(rbdvol list --all --usage --pool "$pool" --json 2>/dev/null)
is "the list succeeds" $? 0
is "and has the good one" "$(jq -r '.volumes[].volume | select(endswith("good"))' <<<"$out")" "$pool/good"
refuses "of the other it says what it is" '[139]' "image '$pool/half' is incomplete" rbdvol show "$pool/half"
ok "which can be deleted" rbdvol delete "$pool/half"
is "so that it is in no list" "$(rbd ls "$pool")" good
done_testing
