#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/apache/cloudstack/issues/8211
# Area: names
# Where: cluster
# Found: right
# What lists the images of a pool opens each, and complains of those that were removed meanwhile.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 8M "$pool/stays"
(
	trap 'exit 0' TERM
	while :; do
		rbdvol create "$pool/comes" --size 8M && rbdvol delete "$pool/comes"
	done >/dev/null 2>&1
) &
others=$!
on_exit "kill $others; wait $others"
failed=0 lost=0
for ((i = 0; i < 15; i++)); do
	out=$(rbdvol list --all --usage --pool "$pool" --json 2>/run/said) || failed=$((failed + 1))
	grep -q "$pool/stays" <<<"$out" || lost=$((lost + 1))
	[[ ! -s /run/said ]] || grep -v comes /run/said
done
is "every list succeeds" $failed 0
is "and has what stays" $lost 0
done_testing
