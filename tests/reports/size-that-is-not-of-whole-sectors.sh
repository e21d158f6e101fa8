#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/longhorn/longhorn-manager/pull/912
# Area: map
# Where: guest
# Found: right
# A size is rounded when the volume is made and compared without that later, so the same request fails the second time.
. "$(dirname -- "$0")/guest-lib.sh"
odd=$((16 << 20 | 1))
ok "a volume of an odd size" rbdvol create "$pool/vol" --size $odd
ok "the same again" rbdvol create "$pool/vol" --size $odd
ok "attached" rbdvol attach "$pool/vol"
size=$(blockdev --getsize64 "/dev/rbdvol/$pool/vol")
ok "the device has whole sectors of it" test "$size" -ge $((odd - 511)) -a $((size % 512)) = 0
ok "resized to that size, too" timeout 60 rbdvol resize "$pool/vol" $odd
ok "and by three bytes" timeout 60 rbdvol resize "$pool/vol" $((odd + 3))
ok "again" timeout 60 rbdvol resize "$pool/vol" $((odd + 3))
ok "a clone of it" rbdvol attach "$pool/web" --from "$pool/vol"
ok "and one that is larger by a byte, in its old age" rbdvol create "$pool/more" --from "$pool/vol" --size $((odd + 4))
ok "the last byte of the device is written" dd if=/dev/zero of="/dev/rbdvol/$pool/vol" bs=512 seek=$((size / 512 - 1)) count=1 oflag=direct
done_testing
