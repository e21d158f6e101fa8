#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mount.rbdvol and umount.rbdvol as mount(8), umount(8) and fstab call them: what they make, what they
# refuse to touch, and their exit statuses.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=mnt
export PATH=$PATH:/usr/sbin:/sbin

attached() {
	rbdvol list --json | jq -r '.volumes[].volume' | xargs
}

no_daemon() {
	! pgrep -x rbdvold
}

cleanup() {
	umount -q /srv/a /srv/b
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over $pool
	cp /dev/null /etc/fstab
}
trap cleanup EXIT

pool_create $pool
mkdir -p /srv/a /srv/b
daemon_start

# --- a new volume ---
ok "size= and mkfs= make volume and file system" \
	mount -t rbdvol -o size=128M,mkfs=ext4,noatime $pool/data /srv/a
is "which is mounted with mount's own options" "$(findmnt -no FSTYPE,OPTIONS /srv/a | cut -d, -f1-2)" "ext4   rw,noatime"
echo mine >/srv/a/mark
is "mkfs has discarded nothing: there was nothing" \
	"$(awk '{print $12}' /sys/class/block/"$(basename "$(findmnt -no SOURCE /srv/a)")"/stat)" 0
like "a fault of it does not end the host" "$(cat /proc/fs/ext4/rbd*/options)" errors=remount-ro
ok "mounting it again is fine" mount -t rbdvol -o size=128M,mkfs=ext4 $pool/data /srv/a
is "and does nothing" "$(findmnt -no TARGET /srv/a | wc -l)" 1
ok "umount" umount /srv/a
is "detaches" "$(attached)" ""
ok "mkfs= again" mount -t rbdvol -o mkfs=ext4 $pool/data /srv/a
is "leaves what is there" "$(cat /srv/a/mark)" mine
ok "remount" mount -o remount,ro /srv/a
mount -o remount,rw /srv/a
umount /srv/a
echo "$pool/data /srv/a rbdvol size=128M,mkfs=ext4,_netdev 0 0" >/etc/fstab
mount /srv/a
ok "remount of a line of fstab" mount -o remount,ro /srv/a
is "makes it read-only" "$(findmnt -no OPTIONS /srv/a | cut -d, -f1)" ro
ok "and writable again" mount -o remount,rw /srv/a
refuses "remount where no volume is" 32 'no volume is mounted on /srv/b' \
	mount -t rbdvol -o remount,ro $pool/data /srv/b
cd /srv/a || exit
refuses "umount of what is in use fails as umount does" 32 'busy' umount /srv/a
cd / || exit
is "and leaves it attached" "$(attached)" $pool/data
umount /srv/a

# --- clones ---
mount -t rbdvol -o size=400M,mkfs=xfs $pool/gold /srv/a 2>/dev/null && echo gold >/srv/a/mark && umount /srv/a
ok "a clone is made and mounted" mount -t rbdvol -o from=$pool/gold,mkfs=xfs $pool/c1 /srv/a
is "with its parent's content" "$(cat /srv/a/mark)" gold
ok "a second clone of the same xfs beside it" mount -t rbdvol -o from=$pool/gold $pool/c2 /srv/b
umount /srv/a /srv/b
uuid() { # DIRECTORY
	blkid -p -s UUID -o value "$(findmnt -no SOURCE "$1")"
}
ok "with new_uuid" mount -t rbdvol -o from=$pool/gold,new_uuid $pool/c4 /srv/a
ok "two are mounted beside each other" mount -t rbdvol -o from=$pool/gold,new_uuid $pool/c5 /srv/b
is "without nouuid" "$(findmnt -no OPTIONS /srv/a /srv/b | grep -c nouuid)" 0
first=$(uuid /srv/a)
ok "each has a UUID of its own" test "$first" != "$(uuid /srv/b)"
umount /srv/a /srv/b
is "the parent is let go" "$(attached)" ""
mount -t rbdvol -o new_uuid $pool/c4 /srv/a
is "which stays at the next mount" "$(uuid /srv/a)" "$first"
mount -t rbdvol $pool/gold /srv/b
ok "and is not the parent's" test "$first" != "$(uuid /srv/b)"
umount /srv/b
mount -t rbdvol -o from=$pool/data,new_uuid $pool/c6 /srv/b
first=$(uuid /srv/b)
umount /srv/a /srv/b
mount -t rbdvol $pool/data /srv/a
ok "ext4, too" test -n "$first" -a "$first" != "$(uuid /srv/a)"
umount /srv/a

# --- a snapshot of what is in use ---
for type in ext4 xfs; do
	mount -t rbdvol -o size=320M,mkfs=$type $pool/busy-$type /srv/a 2>/dev/null
	echo mark >/srv/a/mark
	sync -f /srv/a
	rbd snap create --no-progress $pool/busy-$type@s
	ok "a snapshot of an $type in use is mounted, its log left alone" mount -t rbdvol -o ro $pool/busy-$type@s /srv/b
	like "read-only" "$(findmnt -no OPTIONS /srv/b)" '^ro,.*(norecovery|noload)'
	umount /srv/b /srv/a
	rbd snap rm --no-progress $pool/busy-$type@s
done

# --- growth ---
mib() { # DIRECTORY
	echo $(($(stat -fc '%b * %S' "$1") >> 20))
}
ok "a volume of 64M" mount -t rbdvol -o size=64M,mkfs=ext4 $pool/grow /srv/a
before=$(mib /srv/a)
umount /srv/a
ok "is mounted with size=128M" mount -t rbdvol -o size=128M,mkfs=ext4 $pool/grow /srv/a
ok "and has the room, in volume and file system" test "$(mib /srv/a)" -gt $((before + 48)) -a \
	"$(rbd info $pool/grow --format json | jq .size)" = $((128 << 20))
umount /srv/a
ok "size=32M" mount -t rbdvol -o size=32M $pool/grow /srv/a
ok "never shrinks" test "$(mib /srv/a)" -gt $((before + 48))
umount /srv/a
ok "a clone larger than its parent" mount -t rbdvol -o from=$pool/grow,size=200M $pool/large /srv/a
ok "is filled by its file system" test "$(mib /srv/a)" -gt 160
umount /srv/a
ok "a clone that is there grows" mount -t rbdvol -o from=$pool/grow,size=256M $pool/large /srv/a
ok "too" test "$(mib /srv/a)" -gt 210
umount /srv/a

# --- what is never overwritten ---
rbdvol create $pool/raw --size 16M
dev=$(rbdvol attach $pool/raw)
printf x | dd of="$dev" bs=1 seek=600000 conv=notrunc status=none
rbdvol detach $pool/raw
refuses "mkfs= refuses data that blkid does not know" 32 'is not blank .data that libblkid does not know' \
	mount -t rbdvol -o mkfs=ext4 $pool/raw /srv/a
rbdvol create $pool/middle --size 64M
dev=$(rbdvol attach $pool/middle)
echo precious | dd of="$dev" bs=1M seek=32 conv=notrunc,fsync status=none
like "show --blank tells what is there" "$(rbdvol show --blank --json "$dev" | jq -c '[.blank, .not_blank]')" \
	'^\[false,"data in 1 objects'
rbdvol detach $pool/middle
refuses "and data between two blank ends" 32 'is not blank .data in 1 objects' \
	mount -t rbdvol -o mkfs=ext4 $pool/middle /srv/a
refuses "another file system" 32 'is not blank .xfs' mount -t rbdvol -o mkfs=ext4 $pool/gold /srv/a
rbdvol create $pool/blank --size 16M
rbdvol create $pool/c3 --from $pool/blank 2>/dev/null
refuses "a clone, though it looks blank" 32 'is not blank .a clone' \
	mount -t rbdvol -o from=$pool/blank,mkfs=ext4 $pool/c3 /srv/a
is "what a failed mount attached is let go" "$(attached)" ""
rbdvol attach $pool/gold >/dev/null
mount -t rbdvol -o mkfs=ext4 $pool/gold /srv/a 2>/dev/null
is "what was attached before it stays" "$(attached)" $pool/gold
rbdvol detach $pool/gold

# --- partitions ---
rbdvol create $pool/disk --size 64M
dev=$(rbdvol attach $pool/disk)
echo ',,L' | sfdisk -q "$dev" && udevadm settle && mkfs.ext4 -q "$dev-part1"
rbdvol detach $pool/disk
ok "part=1" mount -t rbdvol -o part=1 $pool/disk /srv/a
like "mounts the partition" "$(findmnt -no SOURCE /srv/a)" 'p1$'
umount /srv/a
is "umount detaches the whole" "$(attached)" ""
mount -t rbdvol -o part=1 $pool/disk /srv/a
mount -t rbdvol -o part=1 $pool/disk /srv/b
is "umount of one of two mounts says nothing" "$(umount /srv/a 2>&1)" ""
is "and leaves the volume" "$(attached)" $pool/disk
umount /srv/b
is "the last umount detaches it" "$(attached)" ""
# Between the unmount and the detach somebody else detaches the volume, and maps another in its place.
cp /usr/bin/umount /run/umount-only
printf '#!/bin/sh\n/run/umount-only "$@" && rbdvol detach %s/disk && rbdvol attach %s/raw\n' $pool $pool >/run/umount-and-more
chmod +x /run/umount-and-more
mount -t rbdvol -o part=1 $pool/disk /srv/a
node=$(findmnt -no SOURCE /srv/a)
mount --bind /run/umount-and-more /usr/bin/umount
ok "umount while another volume gets the device's number" umount.rbdvol /srv/a
/run/umount-only /usr/bin/umount
is "  which it does" "$(readlink -f /dev/rbdvol/$pool/raw)" "${node%p1}"
is "leaves that one alone" "$(attached)" $pool/raw
rbdvol detach $pool/raw
refuses "there is no part=7" 32 'no such partition' mount -t rbdvol -o part=7 $pool/disk /srv/a

# --- bad input ---
refuses "no such volume" 32 "no image '$pool/nope'" mount -t rbdvol $pool/nope /srv/a
refuses "a size in which nothing can live" 1 'too few for a volume .*10M for MiB' mount -t rbdvol -o size=10,mkfs=ext4 $pool/nope /srv/a
refuses "or no file system of that type" 1 'no room for a file system of type xfs' \
	mount -t rbdvol -o size=64Mi,mkfs=xfs $pool/nope /srv/a
refuses "a bad size" 1 'is not a size' mount -t rbdvol -o size=x $pool/nope /srv/a
refuses "a bad name" 1 'bad volume name' mount -t rbdvol a/b/c/d /srv/a
refuses "a file system type that is a path" 1 "cannot be the type" mount -t rbdvol -o mkfs=../x $pool/blank /srv/a
refuses "steal, which is not for a mount" 1 'rbdvol attach --steal' mount -t rbdvol -o steal $pool/data /srv/a
like "an unknown mount option" "$(mount -t rbdvol -o frobnicate $pool/data /srv/a 2>&1; echo $?)" '^mount: .*32$'
refuses "no file system at all" 32 'no file system' mount -t rbdvol $pool/blank /srv/a

# --- another user of the cluster ---
ceph auth get-or-create client.mnt mon 'profile rbd' osd 'profile rbd' -o /etc/ceph/ceph.client.mnt.keyring
daemon_stop
mv /etc/ceph/ceph.client.admin.keyring /etc/ceph/away
rbdvold --foreground >>/var/log/rbdvold.log 2>&1 &
daemon_pid=$!
wait_for 60 rbdvol list --id mnt
ok "a mount with id=, where the usual user has no key" mount -t rbdvol -o id=mnt $pool/data /srv/a
is "umount detaches as the same user" "$(umount /srv/a 2>&1)" ""
is "so that nothing is left" "$(CEPH_ARGS='--id mnt' attached)" ""
mv /etc/ceph/away /etc/ceph/ceph.client.admin.keyring

# --- fstab ---
echo "$pool/web /srv/b rbdvol from=$pool/gold,_netdev,nofail,x-foo 0 2" >/etc/fstab
ok "mount by fstab" mount /srv/b
ok "mount -a beside it" mount -a
ok "umount by fstab" umount /srv/b
is "nothing is left" "$(attached)" ""
daemon_stop
refuses "without a daemon it fails" 32 'does not answer' mount /srv/b
(sleep 2; rbdvold --foreground >>/var/log/rbdvold.log 2>&1) &
daemon_pid=$!
sed -i 's/nofail/retry=30/' /etc/fstab
ok "with retry= it waits for it" mount /srv/b
pkill -x rbdvold # of this guest
wait "$daemon_pid"
wait_for 60 no_daemon
daemon_start
done_testing
