#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/hpe-storage/python-hpedockerplugin/issues/79
# Area: containers
# Where: cluster
# Found: the error had the manual's name, and no option's
# What options a plugin has nobody knows until one is refused; and then the list must be true.
. "$(dirname -- "$0")/cluster-lib.sh"
plugin_start
said=$(call Create '{"Name": "vol", "Opts": {"help": ""}}')
like "an unknown option is refused by its name" "$said" "help"
like "with those that there are" "$said" 'from, size, pool, .*fs, mkfs-options, .*read-only, shared, .*keep'
is "nothing was made" "$(rbd ls "$pool")" ''
for odd in '{"Name": "", "Opts": {"size": "16M"}}' '{"Opts": {"size": "16M"}}' '{"Name": "vol", "Opts": {"size": 16777216}}' \
	'{"Name": "vol", "Opts": ["size"]}' '{"Name": 7}' 'Name=vol'; do
	like "and $odd with words" "$(call Create "$odd")" '"Err":"[^"]'
done
is "nothing was made of those" "$(rbd ls "$pool")" ''
is "no options at all, as Docker sends them" "$(call Create '{"Name": "vol", "Opts": {"size": "16M"}}')$(call Create '{"Name": "vol", "Opts": null}')" \
	'{"Err":""}{"Err":""}'
done_testing
