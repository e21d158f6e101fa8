#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-nvmeof/issues/1589
# Area: containers
# Where: cluster
# Found: right
# A tool marks the images that are its own in their metadata. 'rbd cp' copies that too, so a copy passes for what it is not.
. "$(dirname -- "$0")/cluster-lib.sh"
plugin_start
is "a volume of the runtime's" "$(call Create '{"Name": "vol", "Opts": {"size": "16M", "uid": "7"}}')" '{"Err":""}'
rbd cp --no-progress "$pool/vol" "$pool/copy"
rbd deep cp --no-progress "$pool/vol" "$pool/deep"
for name in copy deep; do
	is "$name: who removes it in the runtime does not lose the image" "$(call Remove "{\"Name\": \"$name\"}")" '{"Err":""}'
	ok "$name: it is there" rbd info "$pool/$name"
	is "$name: it can be created with options of its own" "$(call Create "{\"Name\": \"$name\", \"Opts\": {\"uid\": \"8\"}}")" '{"Err":""}'
done
is "the volume itself goes with its removal" "$(call Remove '{"Name": "vol"}')" '{"Err":""}'
is "and nothing else" "$(rbd ls "$pool" | sort | xargs)" "copy deep"
ok "a copy is deleted by who means it" rbdvol delete "$pool/copy" "$pool/deep"
done_testing
