#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/moby/moby/issues/31526
# Area: containers
# Where: cluster
# Found: right
# One host removes the volume; the other still knows the name, and cannot create it again.
. "$(dirname -- "$0")/cluster-lib.sh"
plugin_start
is "it is created" "$(call Create '{"Name": "vol", "Opts": {"size": "64M"}}')" '{"Err":""}'
is "and known" "$(call Get '{"Name": "vol"}' | jq -r .Volume.Name)" vol
rbd rm --no-progress "$pool/vol"
is "removed elsewhere, it is created again, as asked for" "$(call Create '{"Name": "vol", "Opts": {"size": "80M"}}')" '{"Err":""}'
is "it is there" "$(rbd info --format json "$pool/vol" | jq .size)" $((80 << 20))
rbd rm --no-progress "$pool/vol"
like "a mount says that it is gone" "$(call Mount '{"Name": "vol", "ID": "2"}')" "no image|no such volume|no volume"
is "a removal of what is gone is done" "$(call Remove '{"Name": "vol"}')" '{"Err":""}'
is "and it is not in the list" "$(call List '{}' | jq -c .Volumes)" '[]'
done_testing
