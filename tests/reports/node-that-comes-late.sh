#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/39606
# Area: names
# Where: guest
# Found: right
# In a container without devtmpfs the node of the device is made by udev, later or never. Who looks for a file system on it finds
# no file, takes that for a blank disk and formats it.
. "$(dirname -- "$0")/guest-lib.sh"
rbdvol create "$pool/vol" --size 64M
dev=$(rbdvol attach "$pool/vol")
mkfs.ext4 -q -E nodiscard "$dev"
rbdvol detach "$pool/vol"
cat >/run/inside <<-'INSIDE'
	mount -t tmpfs tmpfs /dev && mkdir /dev/shm
	mknod /dev/null c 1 3; mknod /dev/urandom c 1 9; mknod /dev/random c 1 8; mknod /dev/zero c 1 5
	exec setsid rbdvold --foreground --socket /run/inside.sock >/run/inside.log 2>&1 </dev/null
INSIDE
unshare --mount --propagation private sh /run/inside &
daemon=$!
on_exit "kill $daemon; wait $daemon; rm -f /run/inside*"
wait_for 60 rbdvol jobs --socket /run/inside.sock
refuses "an attach there fails" '[17]' '/dev' rbdvol attach --socket /run/inside.sock --timeout 60 "$pool/vol"
said=$(rbdvol attach --socket /run/inside.sock --timeout 60 "$pool/vol" 2>&1)
like "and says that the node is not there" "$said" 'node|/dev/rbd|udev'
rbdvol detach --socket /run/inside.sock --timeout 60 "$pool/vol" 2>/dev/null
ok "outside it is attached" rbdvol attach "$pool/vol"
is "with what it had" "$(blkid -o value -s TYPE "/dev/rbdvol/$pool/vol")" ext4
done_testing
