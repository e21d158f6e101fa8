#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/util-linux/util-linux/issues/738
# Area: trim
# Where: guest
# Found: right
# An old image is mounted for reading beside the others, and the weekly trim of all fails each time because of it.
. "$(dirname -- "$0")/guest-lib.sh"
mkdir -p /run/old /run/new /run/set
for name in old new set; do
	rbdvol create "$pool/$name" --size 64M
	dev=$(rbdvol attach "$pool/$name")
	mkfs.ext4 -q -E nodiscard "$dev"
	mount "$dev" "/run/$name"
	on_exit "umount /run/$name"
done
umount /run/old
rbdvol detach "$pool/old"
mount -o ro "$(rbdvol attach --read-only "$pool/old")" /run/old
mount -o remount,ro /run/set
out=$(rbdvol trim --all --json 2>/run/said)
is "the trim of all succeeds" $? 0
ok "and trims what can be" test "$(jq ".total.trimmed // empty" <<<"$out")" -gt $((16 << 20))
refuses "by its name it says why not" 1 'read-only|reading' rbdvol trim "$pool/old"
refuses "also where the mount alone is so" 1 'read-only|reading' rbdvol trim "$pool/set"
done_testing
