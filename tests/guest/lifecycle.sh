#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The life of volumes on one host, through the installed command and daemon, against the lab's
# cluster and a real kernel: what README and the manual promise, told as tests. Pools of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=life
other=life2

field() { # VOLUME JQ-EXPRESSION
	rbdvol show "$1" --json | jq -r "$2"
}

snapshots() {
	rbd snap ls "$1" --format json | jq length
}

cleanup() {
	umount /srv/life 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
	pool_over "$other"
}
trap cleanup EXIT

pool_create $pool
pool_create $other
rbd namespace create $pool/team
mkdir -p /srv/life
daemon_start

# --- empty volumes ---
ok "an empty volume is made" rbdvol create $pool/golden --size 256M
is "its size is as asked for" "$(field $pool/golden .size)" $((256 << 20))
ok "making it again is fine" rbdvol create $pool/golden --size 256M
refuses "making it with another size is not" 4 'exists already, with a size of 256 MiB' \
	rbdvol create $pool/golden --size 512M

# --- attach ---
is "attach prints the link, alone" "$(rbdvol attach $pool/golden 2>/dev/null)" "/dev/rbdvol/$pool/golden"
is "again: the same link" "$(rbdvol attach $pool/golden 2>/dev/null)" "/dev/rbdvol/$pool/golden"
is "and no second mapping" "$(find /sys/bus/rbd/devices/ -mindepth 1 | wc -l)" 1
device=$(readlink -f /dev/rbdvol/$pool/golden)
is "show tells the device" "$(field $pool/golden .device)" "$device"
id=$(basename "$device" | tr -dc 0-9)
like "the key is not in sysfs" "$(cat "/sys/bus/rbd/devices/$id/config_info")" 'key=[^=]*$|key=[^,]*,'
key=$(sed -n 's/.*key = //p' /etc/ceph/ceph.client.admin.keyring)
is "nor in the daemon's log" "$(grep -c -F "$key" /var/log/rbdvold.log)" 0
ok "a volume for writing has a client of its own" grep -q noshare "/sys/bus/rbd/devices/$id/config_info"
is "whose address is recorded in the hold" "$(field $pool/golden .held_by.address)" \
	"$(cat "/sys/bus/rbd/devices/$id/client_addr")"
is "with this host's name" "$(field $pool/golden .held_by.host)" "$(uname -n)"
for option in ms_mode=prefer-crc abort_on_full lock_timeout= mount_timeout= alloc_size=; do
	ok "mapped with $option" grep -q "$option" "/sys/bus/rbd/devices/$id/config_info"
done
like "by the second version of Ceph's protocol" \
	"$(cut -d' ' -f1 "/sys/bus/rbd/devices/$id/config_info")" '^10\.99\.0\.1:3300$'
ok "detached" rbdvol detach $pool/golden
ok "by the first one where asked for" rbdvol attach $pool/golden -o ms_mode=legacy
device=$(readlink -f /dev/rbdvol/$pool/golden)
id=$(basename "$device" | tr -dc 0-9)
like "indeed" "$(cut -d' ' -f1 "/sys/bus/rbd/devices/$id/config_info")" '^10\.99\.0\.1:6789$'

# --- content, clone ---
mkfs.ext4 -q -E nodiscard "$device" && mount "$device" /srv/life
echo golden >/srv/life/motd
refuses "what is mounted is not detached, and the error says where" 5 'mounted on /srv/life' \
	rbdvol detach $pool/golden
umount /srv/life
ok "detached by its device" rbdvol detach "$device"
ok "the link is gone" test ! -e /dev/rbdvol/$pool/golden
is "the hold too" "$(field $pool/golden .held_by)" null
ok "detaching again is fine" rbdvol detach $pool/golden

ok "a clone is attached" rbdvol attach $pool/web1 --from $pool/golden
like "show tells its parent" "$(field $pool/web1 .parent)" "^$pool/golden@rbdvol-"
is "lsblk knows its file system" "$(lsblk -no FSTYPE /dev/rbdvol/$pool/web1)" ext4
ok "a second clone" rbdvol attach $pool/web2 --from $pool/golden
is "shares the snapshot" "$(snapshots $pool/golden)" 1
web1=$(readlink -f /dev/rbdvol/$pool/web1)
ln -sfn "$(readlink -f /dev/rbdvol/$pool/web2)" /dev/rbdvol/$pool/web1
like "show says where a link belongs to another device" "$(rbdvol show $pool/web1 2>&1 >/dev/null)" \
	"/dev/rbdvol/$pool/web1 belongs to another device"
udevadm trigger --action=change "$web1" && udevadm settle
is "and nothing where it does not" "$(rbdvol show $pool/web1 2>&1 >/dev/null)" ""
ok "the parent is removable: clone format 2, unprotected" \
	test "$(rbd snap ls $pool/golden --format json | jq -r '.[0].protected')" = false
mount /dev/rbdvol/$pool/web1 /srv/life
is "the golden image's file is in it" "$(cat /srv/life/motd)" golden
echo web1 >/srv/life/mark
umount /srv/life
ok "a clone in another pool" rbdvol create $other/web3 --from $pool/golden
ok "a clone in a namespace" rbdvol attach $pool/team/web4 --from $pool/golden
ok "whose link has the namespace" test -b /dev/rbdvol/$pool/team/web4
ok "a larger clone" rbdvol create $pool/big --from $pool/golden --size 1G
is "has that size" "$(field $pool/big .size)" $((1 << 30))
is "still one snapshot" "$(snapshots $pool/golden)" 1
ok "clone format 1 where asked for" rbdvol create $pool/old --from $pool/golden --clone-format 1

# --- snapshots, read-only ---
rbd snap create $pool/web1@keep 2>/dev/null
is "a snapshot is attached by its name" "$(rbdvol attach $pool/web1@keep 2>/dev/null)" \
	"/dev/rbdvol/$pool/web1@keep"
is "for reading" "$(blockdev --getro /dev/rbdvol/$pool/web1@keep)" 1
ok "PARENT@SNAP clones that snapshot" rbdvol attach $pool/web5 --from $pool/web1@keep
mount /dev/rbdvol/$pool/web5 /srv/life
is "its content" "$(cat /srv/life/mark)" web1
umount /srv/life
ok "an image is attached read-only" rbdvol attach $pool/big --read-only
is "indeed" "$(blockdev --getro /dev/rbdvol/$pool/big)" 1
refuses "for writing then it must be detached first" 5 'attached already' rbdvol attach $pool/big
is "and this host does not hold it then" "$(rbdvol show $pool/big --json | jq .held_by)" null

# --- what rbd map made ---
ok "rbd map" rbd device map $other/web3
ok "its device is named too" test -b /dev/rbdvol/$other/web3
is "and attach finds it" "$(rbdvol attach $other/web3 2>/dev/null)" "/dev/rbdvol/$other/web3"
is "without a second mapping" "$(grep -lx web3 /sys/bus/rbd/devices/*/name | wc -l)" 1
ok "and detach ends it" rbdvol detach /dev/rbdvol/$other/web3

# --- list, trim ---
is "list has what is attached here" "$(rbdvol list --json | jq '.volumes | length')" 6
ok "list --all has the rest" test "$(rbdvol list --all --pool $pool --json | jq '.volumes | length')" -ge 7
mount /dev/rbdvol/$pool/web1 /srv/life
ok "trim of a mounted volume" rbdvol trim $pool/web1
is "says how much" "$(rbdvol trim $pool/web1 --json | jq -r '(.trimmed // .volumes[0].trimmed) | type')" number
umount /srv/life
refuses "trim of an unmounted one" 1 'not mounted' rbdvol trim $pool/web1

# --- the daemon is stopped and started: the world is as it was ---
before=$(rbdvol list --json | jq -S .volumes)
daemon_stop
daemon_start
is "a restarted daemon tells the same" "$(rbdvol list --json | jq -S .volumes)" "$before"
ok "an attach is repeated after it" rbdvol attach $pool/web1

# --- the end ---
refuses "what is attached is not deleted" 5 'attached' rbdvol delete $pool/web1
ok "detach of several" rbdvol detach $pool/web1 $pool/web1@keep $pool/web2 $pool/team/web4 $pool/web5 $pool/big
is "nothing is mapped" "$(ls /sys/bus/rbd/devices)" ""
refuses "an image with snapshots is not deleted, and they are named" 5 'keep' rbdvol delete $pool/web1
ok "the clone of the snapshot goes" rbdvol delete $pool/web5
rbd snap rm $pool/web1@keep 2>/dev/null
ok "all go" rbdvol delete $pool/web1 $pool/web2 $other/web3 $pool/team/web4 $pool/big $pool/old
is "and our snapshot with the last" "$(snapshots $pool/golden)" 0
ok "and golden" rbdvol delete $pool/golden
is "the pools are empty" "$(rbd ls $pool; rbd ls $other; rbd ls $pool/team)" ""
done_testing
