#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/canonical/microcloud/issues/297
# Area: holds
# Where: cluster
# Found: right
# An image cannot be deleted, as it 'has watchers': whose they are nobody says.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 8M "$pool/vol"
mkfifo /run/input
exec 3<>/run/input # a line there ends it
rbd watch "$pool/vol" <&3 >/dev/null 2>&1 &
watch=$!
on_exit "kill $watch"
watcher() { rbd status --format json "$pool/vol" | jq -r '.watchers[0].address // empty'; }
for ((i = 0; i < 60; i++)); do
	address=$(watcher)
	[[ -z $address ]] || break
	sleep 1
done
refuses "the deletion names the client" '[56]' "$address" rbdvol delete "$pool/vol"
ok "and nothing is gone" rbd info "$pool/vol"
echo >&3
wait $watch
ok "when it ends, it is deleted" rbdvol delete "$pool/vol"
done_testing
