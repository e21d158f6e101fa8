#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/lueschem/edi/issues/70
# Area: names
# Where: guest
# Found: attach of a volume that 'rbd map' had mapped before the package was installed failed with the advice to install the rules that were there
# A package brings udev rules, and the devices that are there already have been looked at without them.
. "$(dirname -- "$0")/guest-lib.sh"
rules=/usr/lib/udev/rules.d/59-rbdvol.rules
rbd create --size 64M "$pool/vol"
mv $rules /run/rules
on_exit "mv /run/rules $rules; udevadm control --reload"
udevadm control --reload
dev=$(rbd device map "$pool/vol")
echo 'size=8M' | sfdisk -q --label gpt "$dev" >&2
udevadm settle
ok "without the rules there is no link" test ! -e "/dev/rbdvol/$pool/vol"
mv /run/rules $rules
udevadm control --reload
is "when they have come, attach takes the device over" "$(rbdvol attach "$pool/vol" 2>/dev/null)" "/dev/rbdvol/$pool/vol"
is "by its link" "$(readlink -f "/dev/rbdvol/$pool/vol")" "$dev"
ok "its partition has one, too" test -b "/dev/rbdvol/$pool/vol-part1"
ok "and it is held" test "$(rbdvol show "$pool/vol" --json | jq .held_by)" != null
ok "detach ends it" rbdvol detach "$pool/vol"
done_testing
