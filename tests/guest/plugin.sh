#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The plugin for container runtimes, spoken to as they speak, against the lab's cluster and a real
# kernel: what is made, mounted, counted, refused, and what survives the daemon. See podman.sh and
# dockerd.sh for the runtimes themselves.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=plug
socket=/run/docker/plugins/rbdvol.sock
mounts=/run/rbdvol/mounts

# call METHOD JSON: prints the status and the answer.
call() {
	curl -s -m 110 -w '%{http_code} ' -o /tmp/answer --unix-socket $socket -d "$2" "http://d/VolumeDriver.$1"
	cat /tmp/answer
}

fine() { # DESCRIPTION METHOD JSON
	like "$1" "$(call "$2" "$3")" '^200 .*"Err":""'
}

refused() { # DESCRIPTION METHOD JSON REGEX
	like "$1" "$(call "$2" "$3")" "^500 .*\"Err\":\".*$4"
}

create() { # NAME OPTION…
	call Create "$(jq -nc --arg name "$1" '{Name: $name, Opts: ($ARGS.positional | map(split("=") |
		{(.[0]): (.[1:] | join("="))}) | add)}' --args "${@:2}")"
}

mount_() { call Mount "{\"Name\":\"$1\",\"ID\":\"$2\"}"; }
unmount_() { call Unmount "{\"Name\":\"$1\",\"ID\":\"$2\"}"; }
at() { echo "$mounts/$pool%2F$1"; }
note() { rbd image-meta get "$pool/$1" "rbdvol.$2" 2>/dev/null; }
id_of() { rbd info --format json "$pool/$1" | jq -r .id; }
# A volume gets TEXT where a file system keeps no signature, but not zeros: nothing that is known.
scribble() { # VOLUME TEXT
	local device
	device=$(rbdvol attach "$pool/$1" 2>/dev/null)
	echo "$2" | dd of="$device" bs=1 seek=70000 conv=notrunc,fsync status=none
	rbdvol detach "$pool/$1"
}
mapped() { find /sys/bus/rbd/devices/ -mindepth 1 | wc -l; }
staged() { grep -c " $mounts/" /proc/self/mountinfo; }

serve() {
	daemon_start --plugin-socket $socket
}

cleanup() {
	umount "$mounts"/* /srv/x 2>/dev/null
	daemon_stop
	rm -rf /run/rbdvol /etc/rbdvol/rbdvol.conf
	for device in /sys/bus/rbd/devices/*; do
		[[ -e $device ]] && rbd unmap "/dev/rbd${device##*/}"
	done
	pool_over $pool-far
	pool_over $pool
}
trap cleanup EXIT

pool_create $pool
mkdir -p /etc/rbdvol /srv/x
printf '[rbdvol]\npool = %s\nplugin-timeout = 100\n' $pool >/etc/rbdvol/rbdvol.conf
serve

# --- a blank volume ---
like "a volume is created" "$(create golden size=64M mode=1770 uid=7 gid=8)" '^200'
like "mounted, with a file system" "$(mount_ golden one)" "^200 .*\"Mountpoint\":\"$(at golden)\""
is "of the usual kind" "$(findmnt -no FSTYPE "$(at golden)")" ext4
like "nosuid and nodev" "$(findmnt -no OPTIONS "$(at golden)")" 'nosuid.*nodev|nodev.*nosuid'
is "it is empty: databases and the runtimes' copies want it so" "$(ls -A "$(at golden)")" ""
is "its root directory as asked for" "$(stat -c %a:%u:%g "$(at golden)")" 1770:7:8
echo golden >"$(at golden)/motd"
fine "a second mount by the same id" Mount '{"Name":"golden","ID":"one"}'
fine "a mount by another" Mount '{"Name":"golden","ID":"two"}'
is "one mapping, one mount" "$(mapped) $(staged)" "1 1"
refused "removing it is refused" Remove '{"Name":"golden"}' 'mounted here for 2 users'
fine "an unmount" Unmount '{"Name":"golden","ID":"one"}'
fine "the same again" Unmount '{"Name":"golden","ID":"one"}'
is "leaves it to the other" "$(staged)" 1

# --- the daemon dies; the mount and its users stay ---
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
serve
is "a killed daemon leaves the mount" "$(cat "$(at golden)/motd")" golden
like "the next one knows its users" "$(call Get '{"Name":"golden"}')" '"users":1'
fine "and counts on" Mount '{"Name":"golden","ID":"three"}'
unmount_ golden two >/dev/null
is "until the last has gone" "$(unmount_ golden three) $(mapped) $(staged)" '200 {"Err":""} 0 0'
fine "an unmount without a mount" Unmount '{"Name":"golden","ID":"nine"}'
fine "of a name that nobody knows" Unmount '{"Name":"nobody","ID":"nine"}'
is "the hold is gone too" "$(rbdvol show golden --json | jq .held_by)" null

# --- clones ---
like "a clone with a larger size" "$(create web from=golden size=128M)" '^200'
like "is mounted" "$(mount_ web one)" '^200'
is "has golden's content" "$(cat "$(at web)/motd")" golden
ok "and has grown" test "$(df --output=size -k "$(at web)" | tail -1)" -gt $((100 * 1024))
is "nothing that was noted on golden goes over to it" "$(note web mkfs)$(note web options)" "from=golden
size=128M"
like "so it can be created again" "$(create web from=golden size=128M)" '^200'
rbdvol create $pool/mine --from golden >/dev/null 2>&1
is "nor to a clone that is none of the runtime's" "$(note mine options)$(note mine made)" ""
like "which it may use" "$(create mine)" '^200'
fine "but does not delete" Remove '{"Name":"mine"}'
ok "it is there" rbd info $pool/mine
rbd snap create $pool/golden@hand 2>/dev/null
rbd clone --rbd-default-clone-format 2 $pool/golden@hand $pool/byhand
like "nor a clone that was made without rbdvol, whatever is noted on it" "$(create byhand)" '^200'
fine "when it is removed" Remove '{"Name":"byhand"}'
ok "it is there as well" rbd info $pool/byhand
rbd rm $pool/byhand 2>/dev/null
rbd snap rm $pool/golden@hand 2>/dev/null
rbdvol delete $pool/mine
rbdvol create $pool/adopted --size 32M
like "a volume that is there is adopted, of the size that was asked for" "$(create adopted size=32M)" '^200'
fine "and left" Remove '{"Name":"adopted"}'
ok "where it was" rbd info $pool/adopted
like "with keep=no it is created" "$(create adopted size=32M keep=no)" '^200'
fine "and deleted" Remove '{"Name":"adopted"}'
refuses "for good" 3 'adopted' rbdvol show $pool/adopted

like "a snapshot is taken of what is mounted: its clone is not clean" "$(create dirty from=web)" '^200'
like "is checked and mounted" "$(mount_ dirty one)" '^200'
like "which the log tells" "$(cat /var/log/rbdvold.log)" 'dirty was not clean and was checked'
unmount_ dirty one >/dev/null

like "an xfs volume" "$(create gx size=320M fs=xfs)" '^200'
like "is made" "$(mount_ gx one)" '^200'
unmount_ gx one >/dev/null
create x1 from=gx >/dev/null
create x2 from=gx size=400M >/dev/null
mount_ x1 one >/dev/null
like "two xfs clones of one parent at once" "$(mount_ x2 one)" '^200'
is "have one UUID" "$(lsblk -no UUID /dev/rbdvol/$pool/x1)" "$(lsblk -no UUID /dev/rbdvol/$pool/x2)"
ok "the larger one has grown" test "$(df --output=size -k "$(at x2)" | tail -1)" -gt $((330 * 1024))
unmount_ x1 one >/dev/null
unmount_ x2 one >/dev/null

like "a volume for reading only" "$(create ro from=golden read-only=yes)" '^200'
mount_ ro one >/dev/null
is "is mounted so" "$(findmnt -no OPTIONS "$(at ro)" | cut -d, -f1)" ro
is "without a hold" "$(rbdvol show ro --json | jq .held_by)" null
unmount_ ro one >/dev/null

# --- nothing is formatted that is not blank ---
rbdvol create $pool/raw --size 64M
scribble raw precious
like "a volume that is there is taken over" "$(create raw fs=ext4)" '^200'
refused "data that nobody knows is not formatted" Mount '{"Name":"raw","ID":"one"}' 'no file system'
is "and is still there" "$(raw=$(rbdvol attach $pool/raw 2>/dev/null); dd if="$raw" bs=1 skip=70000 count=8 status=none; rbdvol detach $pool/raw)" precious
rbd snap create $pool/raw@s 2>/dev/null
rbd clone --rbd-default-clone-format 2 $pool/raw@s $pool/rawclone
create rawclone fs=ext4 >/dev/null
refused "nor is a clone, whatever is in it" Mount '{"Name":"rawclone","ID":"one"}' 'no file system'
is "a mount that failed leaves nothing mapped" "$(mapped) $(staged)" "1 1" # web
fine "what the runtime did not make, it does not delete" Remove '{"Name":"raw"}'
ok "it is there" rbd info $pool/raw
rbd rm $pool/rawclone 2>/dev/null

rbdvol create $pool/middle --size 64M
device=$(rbdvol attach $pool/middle 2>/dev/null)
echo precious | dd of="$device" bs=1M seek=32 conv=notrunc,fsync status=none
rbdvol detach $pool/middle
create middle fs=ext4 >/dev/null
refused "nor data between two blank ends" Mount '{"Name":"middle","ID":"one"}' 'data in 1 objects .*no file system'
call Remove '{"Name":"middle"}' >/dev/null
rbdvol delete $pool/middle
rbdvol create $pool/snapped --size 32M
rbd snap create $pool/snapped@s 2>/dev/null
create snapped fs=ext4 >/dev/null
refused "nor what has snapshots" Mount '{"Name":"snapped","ID":"one"}' 'a volume with snapshots'
rbd snap rm $pool/snapped@s 2>/dev/null
like "what is proved blank is" "$(mount_ snapped one)" '^200'
unmount_ snapped one >/dev/null

# --- what a superblock asks of the host ---
superblock() { # VOLUME OPTION VALUE
	tune2fs "${@:2}" "$(rbdvol attach "$pool/$1" 2>/dev/null)" >/dev/null 2>&1
	rbdvol detach "$pool/$1"
}
superblock snapped -e panic
mount_ snapped one >/dev/null
like "its faults do not end the host" "$(cat /proc/fs/ext4/rbd*/options)" 'errors=remount-ro'
unmount_ snapped one >/dev/null
superblock snapped -E mount_opts=journal_path=/dev/null
refused "it names no other device" Mount '{"Name":"snapped","ID":"one"}' "has the mount option 'journal_path=/dev/null'"
fine "it goes" Remove '{"Name":"snapped"}'
rbdvol delete $pool/snapped

# --- what is found, and what it may ask for ---
pool_create $pool-far
rbd create --size 32M $pool-far/planted
rbd image-meta set $pool-far/planted rbdvol.options $'size=32M\nfs=ext4\n' >/dev/null
refused "a volume in a pool that is not configured is none" Mount '{"Name":"planted","ID":"one"}' 'no such volume'
like "none is made there" "$(create far size=32M pool=$pool-far)" "^500 .*no container volumes in $pool-far"
like "suid is not for a volume to have" "$(create bad size=32M mount-options=suid)" "^500 .*plugin-mount-options"
create asks size=32M >/dev/null
rbd image-meta set $pool/asks rbdvol.options $'size=32M\nmap-options=ms_mode=crc\n' >/dev/null
refused "nor what is noted on it" Mount '{"Name":"asks","ID":"one"}' "map option 'ms_mode=crc'"
daemon_stop
printf 'plugin-pools = %s-far\nplugin-map-options = ms_mode\n' $pool >>/etc/rbdvol/rbdvol.conf
serve
like "it is found where the host is told to look" "$(mount_ planted one)" '^200'
like "it has what the host allows" "$(mount_ asks one)" '^200'
unmount_ planted one >/dev/null
unmount_ asks one >/dev/null
fine "what was planted goes" Remove '{"Name":"planted"}'
fine "and what asks" Remove '{"Name":"asks"}'
rbdvol delete $pool-far/planted

# --- a file system whose making was cut off ---
create cut size=32M >/dev/null
scribble cut rubbish
rbd image-meta set $pool/cut rbdvol.mkfs "$(id_of raw) ext4" >/dev/null
refused "what is noted of another image counts nothing" Mount '{"Name":"cut","ID":"one"}' 'no file system'
rbd image-meta set $pool/cut rbdvol.mkfs "$(id_of cut) ext4" >/dev/null
like "what mkfs was cut off at is made anew" "$(mount_ cut one)" '^200'
unmount_ cut one >/dev/null
is "and the note is gone" "$(note cut mkfs)" ""
rbd image-meta set $pool/cut rbdvol.mkfs "$(id_of cut) ext4" >/dev/null
mount_ cut one >/dev/null
unmount_ cut one >/dev/null
is "so is one that was left, where there is a file system" "$(note cut mkfs)" ""
device=$(rbdvol attach $pool/gx 2>/dev/null)
printf '\1' | dd of="$device" bs=1 seek=126 conv=notrunc,fsync status=none # sb_inprogress
rbdvol detach $pool/gx
rbd image-meta set $pool/gx rbdvol.mkfs "$(id_of gx) xfs" >/dev/null
like "an xfs that was being made is, too" "$(mount_ gx one)" '^200'
unmount_ gx one >/dev/null

# --- without a runtime, as a CSI driver would ask (docs/csi.md) ---
probe() { "$top_builddir/tests/guest/publish-probe" "$@"; }
rbdvol create $pool/csi --size 32M
refuses "what is not staged is published nowhere" 3 'not staged' probe at $pool/csi /srv/x/pod1
ok "a volume is staged" probe stage $pool/csi ext4
ok "and published to a path" probe at $pool/csi /srv/x/pod1
ok "again" probe at $pool/csi /srv/x/pod1
ok "and to another, for reading" probe at $pool/csi /srv/x/pod2 ro
ok "what is written at the one" touch /srv/x/pod1/file
ok "is read at the other" test -e /srv/x/pod2/file
refuses "where nothing can be written" 1 'Read-only' touch /srv/x/pod2/other
like "nosuid and nodev at both" "$(findmnt -no OPTIONS /srv/x/pod1) $(findmnt -no OPTIONS /srv/x/pod2)" \
	'rw,nosuid,nodev.* ro,nosuid,nodev'
mkdir -p /srv/x/taken
mount -t tmpfs taken /srv/x/taken
refuses "not where something else is" 5 'something else' probe at $pool/csi /srv/x/taken
refuses "which is not unmounted either" 5 'something else' probe leave $pool/csi /srv/x/taken
umount /srv/x/taken
ok "it leaves the one" probe leave $pool/csi /srv/x/pod1
ok "again" probe leave $pool/csi /srv/x/pod1
ok "and the other" probe leave $pool/csi /srv/x/pod2
is "of which nothing is left" "$(ls /srv/x)" taken
ok "it is unstaged" probe unstage $pool/csi
ok "again" probe unstage $pool/csi
like "there is room for more" "$(probe capacity $pool)" '^[1-9][0-9]+$'
refuses "in a pool that exists" 3 'no pool' probe capacity nosuchpool
rbdvol delete $pool/csi

# --- what cannot be meant ---
for options in fs=ntfs 'mkfs-options=-d /etc' 'mkfs-options=-b many' map-options=nosuch map-options=secret=x \
	mount-options=commit=abc mount-options=data=some 'mode=0700 read-only=yes' 'uid=5 mount-options=ro' \
	'read-only=yes shared=yes' 'read-only=yes mount-options=rw' shared=maybe size=-1 from=a//b \
	pool=nosuchpool namespace=nosuch; do
	words=("$options")
	[[ $options == mkfs-* ]] || read -ra words <<<"$options"
	like "it is refused to create with $options" "$(create bad size=32M "${words[@]}")" '^500'
done
for size in 10 1024 512K 100Mi; do
	[[ $size == *i ]] && more=(fs=xfs) || more=()
	like "a size in which nothing can live is refused: $size" "$(create bad size=$size "${more[@]}")" '^500.*(too few|no room)'
done
refuses "nothing was made of these" 3 bad rbdvol show $pool/bad

# --- what somebody else attached ---
rbdvol attach $pool/web >/dev/null 2>&1 # is mounted: attached already
unmount_ web one >/dev/null
is "the runtime's device goes with its last mount" "$(mapped)" 0
rbdvol attach $pool/web >/dev/null 2>&1
mount_ web one >/dev/null
unmount_ web one >/dev/null
is "one that was attached by hand stays" "$(mapped)" 1
rbdvol detach $pool/web

mount_ web one >/dev/null
umount "$(at web)"
rbdvol detach $pool/web
rbdvol attach $pool/web >/dev/null 2>&1
mount_ web two >/dev/null
unmount_ web two >/dev/null
is "so does one that was attached by hand after ours had been detached so" "$(mapped)" 1
rbdvol detach $pool/web

# --- the device is taken away under a mount ---
mount_ web one >/dev/null
ok "a device is taken away by force" rbdvol detach --force $pool/web
fine "the unmount of what was on it" Unmount '{"Name":"web","ID":"one"}'
is "leaves nothing" "$(staged) $(ls -A /run/rbdvol/users)" "0 "
mount_ web one >/dev/null
rbdvol detach --force $pool/web
rbdvol attach $pool/golden >/dev/null 2>&1 # may get the same number
like "mounted anew, it is the volume" "$(mount_ web two)" '^200'
is "again" "$(cat "$(at web)/motd")" golden
rbdvol detach --force $pool/web
fine "an unmount while another has the device's number" Unmount '{"Name":"web","ID":"two"}'
is "leaves the other" "$(staged) $(mapped)" "0 1"
rbdvol detach $pool/golden

# --- a mount that was cut off half-way is let go of, or completed ---
mkdir -p "/run/rbdvol/users/$pool%2Fweb"
touch "/run/rbdvol/users/$pool%2Fweb/.attached"
rbdvol attach $pool/web >/dev/null 2>&1
like "an attach of ours that was cut off is completed" "$(mount_ web one)" '^200'
unmount_ web one >/dev/null
is "and detached at the end" "$(mapped)" 0
mount_ web one >/dev/null
rm "/run/rbdvol/users/$pool%2Fweb/one"
touch -d '10 minutes ago' "/run/rbdvol/users/$pool%2Fweb"
ok "what nobody came back for goes by itself" timeout 120 bash -c "while [ -e /sys/bus/rbd/devices/* ]; do sleep 0.5; done"

# --- its client is blocklisted ---
mount_ web one >/dev/null
ceph osd blocklist add "$(cat /sys/bus/rbd/devices/*/client_addr)" 600
refused "a volume on a device that is dead is not mounted for another" Mount '{"Name":"web","ID":"two"}' \
	'blocklisted.*rbdvol detach'
fine "its user goes" Unmount '{"Name":"web","ID":"one"}'
is "and the device with it" "$(staged) $(mapped)" "0 0"
like "then it is mounted anew" "$(mount_ web two)" '^200'
is "and what was written before is there" "$(cat "$(at web)/motd")" golden
fine "and unmounted" Unmount '{"Name":"web","ID":"two"}'

# --- the end ---
for name in ro x1 x2 gx cut dirty web golden; do
	fine "$name is removed" Remove "{\"Name\":\"$name\"}"
done
is "nothing is left but what was kept" "$(rbd ls $pool)" raw
like "nor in the list" "$(call List '{}')" '"Volumes":\[\{"Name":"rawclone"[^}]*\}*\]|"Volumes":\[\]'
is "nothing is mapped or mounted" "$(mapped) $(staged)" "0 0"
done_testing
