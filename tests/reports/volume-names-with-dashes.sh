#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/thecodeteam/libstorage/issues/417
# Area: containers
# Where: cluster
# Found: right
# Names that Docker allows are refused with a bare status 500.
. "$(dirname -- "$0")/cluster-lib.sh"
plugin_start
for name in my-test-volume project_db-data.v2 0a1b2c; do
	is "$name is created" "$(call Create '{"Name": "'$name'", "Opts": {"size": "16M"}}')" '{"Err":""}'
done
is "all are listed" "$(call List '{}' | jq -c '[.Volumes[].Name] | sort')" '["0a1b2c","my-test-volume","project_db-data.v2"]'
for name in 'a b' 'a/b' -a ../a 'a@b'; do
	like "'$name' is refused with the reason" "$(call Create '{"Name": "'"$name"'", "Opts": {"size": "16M"}}' | jq -r .Err)" 'name'
done
is "nothing else was made" "$(rbd ls "$pool" | wc -l)" 3
done_testing
