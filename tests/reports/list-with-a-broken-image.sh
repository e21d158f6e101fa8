#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/rook/rook/issues/14994
# Area: names
# Where: cluster
# Found: right
# One image that cannot be opened, since its data pool or its header is gone, and the page with all images shows an error only.
. "$(dirname -- "$0")/cluster-lib.sh"
another_pool "$pool-data"
rbd create --size 16M "$pool/good"
rbd create --size 16M --data-pool "$pool-data" "$pool/dataless"
rbd create --size 16M "$pool/headless"
header=rbd_header.$(rbd info --format json "$pool/headless" | jq -r .id)
pool_delete "$pool-data" 2>/dev/null
rados -p "$pool" rm "$header"
for options in '' --usage '--usage --slow'; do
	# shellcheck disable=SC2086
	out=$(timeout 100 rbdvol list --all $options --pool "$pool" --json 2>/run/said)
	is "list ${options:-alone}: what is well is there" "$(jq -r '.volumes[].volume' <<<"$out" | grep -c "$pool/good")" 1
	like "so is what lacks its data, or it is told of" "$out$(</run/said)" "$pool/dataless"
done
said=$(timeout 60 rbdvol show "$pool/dataless" 2>&1)
like "show says what lacks" "$said" 'data pool|dataless'
ok "what lacks its data is deleted" timeout 60 rbdvol delete "$pool/dataless"
ok "and what lacks its header" timeout 60 rbdvol delete "$pool/headless"
is "no name of theirs is left" "$(rados -p "$pool" ls | grep -c less)" 0
done_testing
