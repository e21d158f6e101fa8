#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/util-linux/util-linux/issues/948
# Area: trim
# Where: guest
# Found: what is mounted by one of its files alone (a container's -v FILE:FILE) was not trimmed: "another mount hides it"
# A mount point need not be a directory, and one mount of several may be out of reach.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/vol" --size 64M
dev=$(rbdvol attach "$pool/vol")
mkfs.ext4 -q -E nodiscard "$dev"
mkdir -p /run/mnt
mount "$dev" /run/mnt
on_exit 'umount -A /run/mnt /run/conf'
dd if=/dev/zero of=/run/mnt/junk bs=1M count=16 conv=fsync status=none
rm /run/mnt/junk
echo setting >/run/mnt/conf
mkfifo /run/mnt/pipe
sync -f /run/mnt
touch /run/conf /run/pipe
mount --bind /run/mnt/pipe /run/pipe
on_exit 'umount /run/pipe'
mount --bind /run/mnt/conf /run/conf
umount /run/mnt
ok "it is trimmed by the file" timeout 60 bash -c "(( \$(rbdvol trim $pool/vol --json | jq .trimmed) > 16 << 20 ))"
ok "with all others, too" rbdvol trim --all
umount /run/conf
refuses "by a pipe alone it is not, and does not hang" 1 'there is no file system to ask' timeout 60 rbdvol trim "$pool/vol"
umount /run/pipe
ok "and it is detached" rbdvol detach "$pool/vol"

# --- https://github.com/util-linux/util-linux/issues/1686: the first mount is an overlay, or read-only ---
rbdvol attach "$pool/vol" >/dev/null
mkdir -p /run/ro /run/upper
mount -t tmpfs tmpfs /run/upper
mkdir /run/upper/{u,w}
mount "$dev" /run/mnt
dd if=/dev/zero of=/run/mnt/junk bs=1M count=16 conv=fsync status=none
rm /run/mnt/junk
sync -f /run/mnt
mount --bind /run/mnt /run/ro
mount -o remount,bind,ro /run/ro
mount -t overlay -o lowerdir=/run/mnt,upperdir=/run/upper/u,workdir=/run/upper/w overlay /run/mnt
on_exit 'umount /run/mnt; umount /run/mnt /run/ro /run/upper'
mkdir -p /run/reach
refuses "hidden by an overlay, and read-only elsewhere, it is told to be" 1 'mounted where another mount hides it' rbdvol trim "$pool/vol"
mount "$dev" /run/reach
on_exit 'umount /run/reach'
is "by the one mount that can be reached it is trimmed, once" "$(rbdvol trim "$pool/vol" --json | jq .filesystems)" 1
done_testing
