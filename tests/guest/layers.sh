#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What stands between a volume and its users: device mapper, loop devices, mount namespaces, lazy
# unmounts. A snapshot has what was written before it, a busy device has its user named at once, a resize
# finds its file system. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=stack
export LC_ALL=C

cleanup() {
	jobs -p | xargs -r kill 2>/dev/null
	umount -l /srv/* /run/kept/ns /run/kept 2>/dev/null
	vgchange -qq --noudevsync -an golden 2>/dev/null
	dmsetup remove_all 2>/dev/null
	losetup -D
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

attach() { # VOLUME [SIZE]: prints its device
	rbdvol create "$pool/$1" --size "${2-64M}" 2>/dev/null
	readlink -f "$(rbdvol attach "$pool/$1" 2>/dev/null)"
}

seconds() { # COMMAND...: how long it took, its output in $said, its exit status in $status
	local start=$EPOCHREALTIME
	status=0
	said=$("$@" 2>&1 </dev/null) || status=$?
	took=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000000))
}

pool_create $pool
mkdir -p /srv/{a,b,c,d} /run/kept
modprobe dm-mod
modprobe loop
# What is written stays in memory until somebody asks for it.
echo 360000 >/proc/sys/vm/dirty_expire_centisecs
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
daemon_start

# --- snapshots ---
serial=0
inside=() # how to get into the mount namespace that FILE is in
# Whether what was written to FILE is in a snapshot that is taken then; SAYS: a note that it comes with.
keeps() { # DESCRIPTION VOLUME FILE [SAYS]
	local word="mark-$((++serial))-of-the-layers" said device
	# shellcheck disable=SC2016 # for the inner shell
	"${inside[@]}" bash -c 'printf "%s%04000d" "$1" 0 >"$2"' - "$word" "$3"
	said=$(rbdvol snapshot "$pool/$2@$word" 2>&1) || echo "# $said"
	device=$(readlink -f "$(rbdvol attach "$pool/$2@$word")")
	ok "$1" grep -q "$word" "$device"
	if [[ -n ${4-} ]]; then
		like "$1: a note" "$said" "note: $4"
	else
		is "$1: no note" "$said" "$pool/$2@$word"
	fi
	rbdvol detach "$device"
}

mkfs() { # DEVICE
	mkfs.ext4 -q -E nodiscard "$1" && udevadm settle
}

device=$(attach plain)
mkfs "$device" && mount -o commit=3600 "$device" /srv/a && sync
keeps "a file on the device itself" plain /srv/a/file
head -c 40M /dev/zero >/srv/a/image && mkfs /srv/a/image && mount -o loop,commit=3600 /srv/a/image /srv/b && sync
keeps "one in a file that a loop device shows" plain /srv/b/file
umount /srv/b
mount --bind /srv/a/file /srv/file 2>/dev/null || { touch /srv/file && mount --bind /srv/a/file /srv/file; }
umount /srv/a
keeps "one that is mounted by itself" plain /srv/file
mount "$device" /srv/a
umount /srv/file
mount -t tmpfs hides /srv/a
# nothing but a file that was opened before leads below
umount /srv/a
exec 7>/srv/a/below
mount -t tmpfs hides /srv/a
keeps "a file below another mount" plain /dev/fd/7 'not reached was the file system mounted on /srv/a: its path leads to another'
exec 7>&-
umount /srv/a
exec 7>/srv/a/open
umount -l /srv/a
keeps "a file of a lazily unmounted file system" plain /dev/fd/7 'not reached was the ext4 on rbd[0-9]*: .*unmounted lazily'
seconds rbdvol detach $pool/plain
like "which is in the way" "$status $said" '^5 .*its ext4 \(rbd[0-9]+\) is mounted where no mount namespace shows it: unmounted lazily, bash \(pid [0-9]+\) has a file of it open'
ok "at once" test "$took" -lt 20
exec 7>&-
mount "$device" /srv/a && mkdir -p /srv/a/{up,work,low} && mount -t overlay -o lowerdir=/srv/a/low,upperdir=/srv/a/up,workdir=/srv/a/work over /srv/b &&
	umount -l /srv/a && sync
keeps "a file on an overlay, below which nothing is mounted" plain /srv/b/file 'not reached was the ext4 on'
umount /srv/b
ok "then it is detached" rbdvol detach $pool/plain

device=$(attach raw)
keeps "what a program wrote to the device, without syncing it" raw "$device"
ok "dm on dm" dmsetup create --noudevsync lower --table "0 131072 linear $device 0"
dmsetup mknodes
dmsetup create --noudevsync upper --table "0 131072 linear /dev/mapper/lower 0" && dmsetup mknodes
mkfs /dev/mapper/upper && mount -o commit=3600 /dev/mapper/upper /srv/a && sync
keeps "a file on two layers of the device mapper" raw /srv/a/file
seconds rbdvol detach $pool/raw
like "detach tells all of them" "$status $said" '^5 .*dm-[0-9]+ \(upper\) mounted on /srv/a; held by dm-[0-9]+ \(lower\)'
like "so does wipe" "$(rbdvol wipe $pool/raw --yes --algorithm trim 2>&1)" 'is attached .*: dm-[0-9]+ \(upper\) mounted on /srv/a'
is "list has the mount" "$(rbdvol show $pool/raw --json | jq -c .mounts)" '["/srv/a"]'
like "and a resize says what is to grow first" "$(rbdvol resize $pool/raw 80M 2>&1)" 'note: what is mounted on /srv/a stays .*on dm-[0-9]+ \(upper\)'
umount /srv/a
dmsetup remove --noudevsync upper
dmsetup remove --noudevsync lower
device=$(readlink -f /dev/rbdvol/$pool/raw)
loop=$(losetup --show -f "$device")
mkfs "$loop" && mount -o commit=3600 "$loop" /srv/a && sync
keeps "a file on a loop device on the device" raw /srv/a/file
umount /srv/a
losetup -d "$loop"
ok "then it is detached" rbdvol detach $pool/raw

device=$(attach pod)
mkfs "$device"
# A process in a namespace of its own, which has another root there, where the mount is not seen.
mkdir -p /usr/lib/chrooted && cp "$(command -v busybox)" /usr/lib/chrooted/sleep
unshare --mount --propagation private bash -c "mount -o commit=3600 $device /srv/a && sync && cd / && exec busybox chroot /usr/lib/chrooted /sleep 1000" &
pod=$!
ok "a process of another mount namespace" wait_for 20 grep -qs sleep /proc/$pod/comm
inside=(nsenter "--mount=/proc/$pod/ns/mnt")
keeps "a file that is mounted there" pod /srv/a/file
inside=()
seconds rbdvol detach $pool/pod
like "is in the way" "$status $said" "^5 .*mounted on /srv/a in the mount namespace of sleep \\(pid $pod\\)"
ok "it grows" rbdvol resize $pool/pod 96M
kill $pod
wait $pod 2>/dev/null
ok "then it is free" wait_for 10 rbdvol detach $pool/pod

device=$(attach pod)
mount --bind /run/kept /run/kept && mount --make-private /run/kept && touch /run/kept/ns
unshare --mount=/run/kept/ns --propagation private bash -c "mount -o commit=3600 $device /srv/a && sync"
inside=(nsenter --mount=/run/kept/ns)
is "it had grown" "$("${inside[@]}" df --output=size -B1M /srv/a | tail -1 | tr -d ' ' | cut -c1)" 8
keeps "a file in a mount namespace without a process" pod /srv/a/file
inside=()
seconds rbdvol detach $pool/pod
like "is told" "$status $said" '^5 .*mounted on /srv/a in the mount namespace that /run/kept/ns keeps'
ok "at once" test "$took" -lt 20
ok "it is trimmed" rbdvol trim $pool/pod
nsenter --mount=/run/kept/ns sleep 1000 &
wait_for 10 grep -qs sleep /proc/$!/comm
exec 7</proc/$!/ns/mnt
kill $!
wait $! 2>/dev/null
umount /run/kept/ns
seconds rbdvol detach $pool/pod
like "one that only an open file keeps" "$status $said" "^5 .*in the mount namespace that bash \\(pid $$\\) keeps open"
exec 7<&-
ok "then it is free" wait_for 10 rbdvol detach $pool/pod

# --- who uses a busy device ---
busy() { # DESCRIPTION VOLUME REGEX
	seconds rbdvol detach "$pool/$2"
	like "$1 is named" "$status $said" "^5 .*$3"
	ok "$1: at once" test "$took" -lt 20
}

data=$(attach data 320M)
log=$(attach log 128M)
mkfs.xfs -q -f -K -l "logdev=$log,size=100m" "$data" 2>/dev/null && mount -o "logdev=$log" "$data" /srv/a
busy "the log of an XFS" log 'log or realtime device of the XFS mounted on /srv/a'
umount /srv/a
ok "then it is free" rbdvol detach $pool/log
two=$(attach two 320M)
mkfs.btrfs -q -f -K -d single -m single "$data" "$two" && udevadm settle && mount "$data" /srv/a
busy "a Btrfs of two devices, by its second," two 'its Btrfs mounted on /srv/a'
keeps "a file on it, in a snapshot of the first," data /srv/a/file
umount /srv/a
ok "then both are free" rbdvol detach $pool/two $pool/data
node=$(attach node)
mknod /run/kept/disk b "$((0x$(stat -c %t "$node")))" "$((0x$(stat -c %T "$node")))"
sleep 1000 3</run/kept/disk &
sleeper=$!
busy "a program that opened a node elsewhere" node "open in sleep \\(pid $sleeper\\)"
kill $sleeper
wait $sleeper 2>/dev/null
sectors=$(blockdev --getsz "$node")
dmsetup create --noudevsync swap --table "0 $sectors linear $node 0" && dmsetup mknodes
mkswap -q /dev/mapper/swap && swapon /dev/mapper/swap
busy "swap on a layer" node 'used as swap'
swapoff /dev/mapper/swap
dmsetup remove --noudevsync swap
mke2fs -q -O journal_dev "$node" && image=$(attach image) && mkfs.ext4 -q -J device="$node" "$image" && mount "$image" /srv/a
busy "the journal of an ext4" node 'used as the journal of an ext4'
umount /srv/a
if modprobe target_core_mod 2>/dev/null && modprobe target_core_iblock; then
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	store=/sys/kernel/config/target/core/iblock_0/layers
	mkdir -p $store && echo "udev_path=$node" >$store/control && echo 1 >$store/enable
	busy "LIO" node 'exported by LIO \(iblock_0/layers\)'
	rmdir $store /sys/kernel/config/target/core/iblock_0
fi
ok "then it is free" rbdvol detach $pool/node $pool/image

# --- LVM on clones ---
node=$(attach golden)
mkdir -p /etc/udev/rules.d
sfdisk -q "$node" <<<$'label: gpt\n,32M\n,' && udevadm settle
pvcreate -qq "${node}p2"
vgcreate -qq golden "${node}p2"
lvcreate -qq --noudevsync -Zn -Wn -n root -l 100%FREE golden || bail_out "no LVM"
udevadm settle
vgchange -qq --noudevsync -an golden
ok "an image with LVM on it is detached" wait_for 20 rbdvol detach $pool/golden
for clone in left right; do
	ok "a clone of it" rbdvol attach $pool/$clone --from $pool/golden
done
udevadm settle
device=$(readlink -f /dev/rbdvol/$pool/left-part2)
is "its volume group is not looked at" "$(udevadm info -q property "$device" | grep -c ^LVM_)" 0
is "but its type is known" "$(lsblk -no FSTYPE "$device")" LVM2_member
is "and udev's other rules have not seen it" "$(dmsetup ls)" 'No devices found'
ok "both are detached" rbdvol detach $pool/left $pool/right
echo 'KERNEL=="rbd*", SUBSYSTEMS=="rbd", ATTRS{name}=="left", ENV{RBDVOL_ACTIVATE}="1"' >/etc/udev/rules.d/58-local.rules
udevadm control --reload
rbdvol attach $pool/left >/dev/null && udevadm settle
device=$(readlink -f /dev/rbdvol/$pool/left-part2)
like "where it is asked for, it is looked at" "$(udevadm info -q property "$device")" 'LVM_VG_NAME_COMPLETE=golden'
vgchange -qq --noudevsync -an golden
rm /etc/udev/rules.d/58-local.rules && udevadm control --reload
ok "and detached" wait_for 20 rbdvol detach $pool/left
rbdvol flatten $pool/left
ok "a flattened clone is attached" rbdvol attach $pool/left
ok "beside its parent" rbdvol attach $pool/golden
udevadm settle
vgchange -qq --noudevsync -an golden
ok "and both are detached" wait_for 20 rbdvol detach $pool/left $pool/golden

# --- devices and their names ---
device=$(attach name)
second=$(rbd device map $pool/name)
ok "of two mappings of an image the one that is named is detached" rbdvol detach "$second"
ok "the other stays" test -e "/sys/bus/rbd/devices/${device#/dev/rbd}"
is "and is held" "$(rbdvol show $pool/name --json | jq -r .held_by.host)" "$(uname -n)"
second=$(rbd device map $pool/name)
like "where the first is named, the other stays held, which is told" "$(rbdvol detach "$device" 2>&1)" "note: name stays attached, as $second, and held"
is "indeed" "$(rbdvol show $pool/name --json | jq -r '[.device, .held_by.host] | join(" ")')" "$second $(uname -n)"
rbd device map $pool/name >/dev/null
ok "by its name all are detached" rbdvol detach $pool/name
is "indeed" "$(ls /sys/bus/rbd/devices) $(rbdvol show $pool/name --json | jq .held_by)" " null"

device=$(attach name)
blockdev --setro "$device"
like "a device that was set to read-only is attached, with a note" "$(rbdvol attach $pool/name 2>&1)" "note: .*blockdev --setrw $device.*/dev/rbdvol/$pool/name"
refuses "and is not one that was attached for reading" 5 'attached already, as .*, for writing' rbdvol attach $pool/name --read-only
blockdev --setrw "$device"
rbdvol detach $pool/name
rbdvol attach $pool/name --read-only >/dev/null 2>&1
refuses "one that was attached for reading stays so" 5 'for reading only' rbdvol attach $pool/name
rbdvol detach $pool/name

mkdir -p /dev/rbdvol/$pool && echo oops >/dev/rbdvol/$pool/name
refuses "a plain file in the place of the link is named" 1 "there is no /dev/rbdvol/$pool/name: /dev/rbdvol/$pool/name is a plain file.*remove it" \
	rbdvol attach $pool/name
rm -rf /dev/rbdvol/$pool && mkdir -p /dev/rbdvol && echo oops >/dev/rbdvol/$pool
refuses "also in the place of its directory" 1 "/dev/rbdvol/$pool is a plain file" rbdvol attach $pool/name
rm -rf /dev/rbdvol/$pool

# udev is late. The time of a job is the daemon's, at least.
daemon_stop
printf '[rbdvol]\ntimeout = 30\n' >/run/late.conf
daemon_start --config /run/late.conf
attach name >/dev/null
udevadm control --stop-exec-queue
seconds rbdvol detach $pool/name --timeout 30
like "a link that is still there when the time is over is told" "$status $said" "^0 .*note: name is detached, but udev is late: /dev/rbdvol/$pool/name still leads to /dev/rbd"
is "the hold is released" "$(rbdvol show $pool/name --json | jq .held_by)" null
udevadm control --start-exec-queue
ok "it goes" wait_for 10 test ! -e /dev/rbdvol/$pool/name
daemon_stop
daemon_start
attach name >/dev/null
udevadm control --stop-exec-queue
(sleep 25; udevadm control --start-exec-queue) &
is "where udev comes in time nothing is told" "$(rbdvol detach $pool/name --timeout 100 2>&1)" ""
ok "and no link is left" test ! -e /dev/rbdvol/$pool/name

# What udev's rules have started is waited for, however it is called.
cat >/etc/udev/rules.d/90-slow.rules <<-'END'
	ACTION=="change", KERNEL=="rbd[0-9]*", PROGRAM="/bin/sh -c 'exec 3<$devnode; sleep 6'"
END
udevadm control --reload
device=$(attach name)
udevadm trigger --action=change "$device"
ok "a rule's program has it open" wait_for 10 pgrep -x sleep
ok "which is waited for" rbdvol detach $pool/name
rm /etc/udev/rules.d/90-slow.rules && udevadm control --reload
done_testing
