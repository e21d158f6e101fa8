#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/dmacvicar/terraform-provider-libvirt/pull/681
# Area: names
# Where: cluster
# Found: right
# A volume was removed behind the back of a tool, which then fails for good, as it cannot tell that from other errors.
. "$(dirname -- "$0")/cluster-lib.sh"
for verb in show delete 'resize --size 16M' snapshot flatten sparsify 'reset --yes' 'wipe --yes --algorithm trim' tree; do
	# shellcheck disable=SC2086 # words
	refuses "$verb" 3 "no (image|volume) '?$pool/none" rbdvol ${verb} "$pool/none"
done
is "in JSON it has a code" "$(rbdvol show "$pool/none" --json 2>/dev/null | jq -r .error.code)" not-found
is "and nothing was made of it" "$(rbd ls "$pool")" ''
done_testing
