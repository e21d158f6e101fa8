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
	curl -s -m 20 -w '%{http_code} ' -o /tmp/answer --unix-socket $socket -d "$2" "http://d/VolumeDriver.$1"
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
	pool_delete $pool
}
trap cleanup EXIT

pool_create $pool
mkdir -p /etc/rbdvol /srv/x
printf '[rbdvol]\npool = %s\n' $pool >/etc/rbdvol/rbdvol.conf
serve

# --- a blank volume ---
like "a volume is created" "$(create golden size=64M mode=1770 uid=7 gid=8)" '^200'
like "mounted, with a file system" "$(mount_ golden one)" "^200 .*\"Mountpoint\":\"$(at golden)\""
is "of the usual kind" "$(findmnt -no FSTYPE "$(at golden)")" ext4
like "nosuid and nodev" "$(findmnt -no OPTIONS "$(at golden)")" 'nosuid.*nodev|nodev.*nosuid'
is "its root folder as asked for" "$(stat -c %a:%u:%g "$(at golden)")" 1770:7:8
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
raw=$(rbdvol attach $pool/raw 2>/dev/null)
echo precious | dd of="$raw" bs=1 seek=70000 conv=notrunc,fsync status=none
rbdvol detach $pool/raw
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

# --- what somebody else attached ---
rbdvol attach $pool/web >/dev/null 2>&1 # is mounted: attached already
unmount_ web one >/dev/null
is "the runtime's device goes with its last mount" "$(mapped)" 0
rbdvol attach $pool/web >/dev/null 2>&1
mount_ web one >/dev/null
unmount_ web one >/dev/null
is "one that was attached by hand stays" "$(mapped)" 1
rbdvol detach $pool/web

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

# --- the end ---
for name in ro x1 x2 gx dirty web golden; do
	fine "$name is removed" Remove "{\"Name\":\"$name\"}"
done
is "nothing is left but what was kept" "$(rbd ls $pool)" raw
like "nor in the list" "$(call List '{}')" '"Volumes":\[\{"Name":"rawclone"[^}]*\}*\]|"Volumes":\[\]'
is "nothing is mapped or mounted" "$(mapped) $(staged)" "0 0"
done_testing
