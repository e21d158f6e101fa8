#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/14754
# Area: names
# Where: guest
# Found: right
# Images may have names that no path has room for; other tools map them.
. "$(dirname -- "$0")/guest-lib.sh"
long=$(printf 'x%.0s' {1..300})
rbd create --size 8M "$pool/$long"
dev=$(rbd device map "$pool/$long")
on_exit "rbd device unmap $dev"
udevadm settle
is "it is listed" "$(rbdvol list --json | jq -r '.volumes[].volume')" "$pool/$long"
like "show says so by its node" "$(rbdvol show "$dev" --json | jq -r .link)" '^/dev/rbdvol/by-id/'
is "the link by id leads there" "$(readlink -f /dev/rbdvol/by-id/*)" "$dev"
is "doctor gives no advice that cannot help" "$(rbdvol doctor | grep -c 'udevadm trigger')" 0
refuses "to attach it by its name is refused" 2 'the name is too long for the name of a device' rbdvol attach "$pool/$long"
ok "it is detached by its node" rbdvol detach "$dev"
is "and gone" "$(rbdvol list --json | jq -r '.volumes[].device')" ''
done_testing
