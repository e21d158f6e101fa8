#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-nvmeof/issues/1460
# Area: names
# Where: guest
# Found: with another image in the renamed one's place, attach did not tell that the link leads to the old one, and detach ended the old one's device
# An image is renamed while it is in use, and another one takes its place; what goes by the name of before meets the wrong one.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/web" --size 16M
rbdvol create "$pool/next" --size 24M
old=$(readlink -f "$(rbdvol attach "$pool/web")")
rbd rename "$pool/web" "$pool/web-old"
is "the list has the image once, by its present name, with its device" \
	"$(rbdvol list --all --pool "$pool" --json | jq -r '.volumes[] | select(.device != null) | .volume + " " + .device')" "$pool/web-old $old"
is "and nothing under the name of before" "$(rbdvol list --all --pool "$pool" --json | jq '.volumes | length')" 2
rbd rename "$pool/next" "$pool/web"
attached=$(rbdvol attach "$pool/web" 2>/run/said)
new=$(readlink -f "$attached")
is "attach prints a link to the image that has the name now" "$(blockdev --getsize64 "$attached")" $((24 << 20))
like "and warns of the link that has the name" "$(</run/said)" "/dev/rbdvol/$pool/web belongs to another device, $old, of another image"
is "the list tells the two apart" \
	"$(rbdvol list --all --pool "$pool" --json | jq -r '.volumes[] | .volume + " " + .device' | sort | paste -sd' ')" \
	"$pool/web $new $pool/web-old $old"
is "show too" "$(rbdvol show "$pool/web-old" --json | jq -r .device)" "$old"
refuses "trim asks the one that has the name now" 1 'web is not mounted' rbdvol trim "$pool/web"
ok "detach by name" rbdvol detach "$pool/web"
is "ends that one's device, not the other's" "$(rbdvol list --json | jq -r '.volumes[].device')" "$old"
ok "the other goes by its present name" rbdvol detach "$pool/web-old"
is "with its device" "$(rbdvol list --json | jq -r '.volumes[].device')" ''
is "and its hold" "$(rbdvol show "$pool/web-old" --json | jq .held_by)" null
done_testing
