#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/podman-container-tools/podman/pull/11267
# Area: containers
# Where: cluster
# Found: right
# The removal of a volume fails in the plugin, and the runtime forgets it all the same: who says 'done' loses it.
. "$(dirname -- "$0")/cluster-lib.sh"
plugin_start
call Create '{"Name": "vol", "Opts": {"size": "16M"}}' >/dev/null
rbd snap create --no-progress "$pool/vol@backup"
like "with a snapshot it is not removed, and told why" "$(call Remove '{"Name": "vol"}' | jq -r .Err)" 'backup'
is "it is there still" "$(call Get '{"Name": "vol"}' | jq -r .Volume.Name)" vol
rbd snap rm --no-progress "$pool/vol@backup"
is "without it is" "$(call Remove '{"Name": "vol"}')" '{"Err":""}'
is "from the cluster, too" "$(rbd ls "$pool")" ''
is "again, it is done already" "$(call Remove '{"Name": "vol"}')" '{"Err":""}'
done_testing
