#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Space given back: what file systems say, what the cluster has less, and what a volume takes. On the
# device, a partition, below a dm layer, and in another mount namespace. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=trim

cleanup() {
	kill "${container-}" 2>/dev/null
	umount -A /srv/trim /srv/dm /srv/other 2>/dev/null
	dmsetup remove layer 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

objects() { # IMAGE
	local id
	id=$(rbd info "$1" --format json | jq -r .id)
	rados -p $pool ls | grep -c "^rbd_data\.$id\."
}

used() {
	rbdvol show "$1" --json | jq .usage.used
}

# Write and delete, so that there is something to give back, in fresh blocks each time.
litter() { # DIRECTORY
	dd if=/dev/zero of="$1/junk" bs=1M count=24 conv=fsync status=none
	rm "$1/junk"
	sync -f "$1"
}

pool_create $pool
mkdir -p /srv/trim /srv/dm
printf '[rbdvol]\ntrims-at-once = 1\n' >/run/rbdvol.conf
daemon_start --config /run/rbdvol.conf
rbdvol create $pool/vol --size 128M
device=$(readlink -f "$(rbdvol attach $pool/vol 2>/dev/null)")
mkfs.ext4 -q -b 4096 -E nodiscard "$device"
mount "$device" /srv/trim

# --- what is told ---
litter /srv/trim
many=$(objects $pool/vol)
said=$(rbdvol trim $pool/vol --json)
is "trim tells how many file systems it trimmed" "$(jq .filesystems <<<"$said")" 1
ok "what they said" test "$(jq .trimmed <<<"$said")" -gt $((24 << 20))
is "how many objects there were" "$(jq .usage_before.objects <<<"$said")" "$many"
is "and how many there are" "$(jq .usage.objects <<<"$said")" "$(objects $pool/vol)"
ok "what they hold is less" test "$(jq '.usage_before.stored - .usage.stored' <<<"$said")" -gt $((16 << 20))
litter /srv/trim
like "as a table" "$(rbdvol trim $pool/vol)" \
	"^VOLUME +TRIMMED +OBJECTS +STORED.*$pool/vol +[0-9.]+ MiB +[0-9]+ -> [0-9]+ +[0-9.]+ [KM]iB -> [0-9.]+ [KM]iB$"
like "a second trim explains its 0" "$(rbdvol trim $pool/vol 2>&1 >/dev/null)" \
	'gave nothing back.*alloc_size'
refuses "a minimum that ext4 does not take" 2 'no minimum above the size of its groups' rbdvol trim $pool/vol --minimum 1G
litter /srv/trim
is "no range is as long as the minimum" "$(rbdvol trim $pool/vol --minimum 120M --json | jq .trimmed)" 0
start=$(date +%s%N)
ok "with a rate" rbdvol trim $pool/vol --rate 40M
ok "it takes its time" test $((($(date +%s%N) - start) / 1000000)) -gt 600

# --- one after the other ---
rbdvol create $pool/other --size 128M
other=$(readlink -f "$(rbdvol attach $pool/other 2>/dev/null)")
mkfs.ext4 -q -b 4096 -E nodiscard "$other"
mkdir -p /srv/other
mount "$other" /srv/other
litter /srv/trim
step() { # VOLUME: what its trim is at
	rbdvol jobs --json | jq -r ".jobs[] | select(.volume == \"$pool/$1\" and .state == \"running\").step"
}
is_at() { # VOLUME STEP
	[[ $(step "$1") == "$2" ]]
}
rbdvol trim $pool/vol --rate 1 --timeout 300 >/run/slow 2>&1 &
ok "a slow trim is under way" wait_for 60 is_at vol trim
rbdvol trim $pool/other --timeout 300 >/run/waits 2>&1 &
waits=$!
ok "another waits for it, and says so" wait_for 60 is_at other "wait for other trims (1 at once)"
like "cancelled it does so no more" "$(rbdvol cancel $pool/other)" 'cancelled while it waited for other trims'
wait $waits
is "which who asked is told" $? 1
rbdvol trim $pool/other --timeout 300 >/run/waits 2>&1 &
waits=$!
ok "it waits again" wait_for 60 is_at other "wait for other trims (1 at once)"
like "the slow one is cancelled, and what it did is said" "$(rbdvol cancel $pool/vol)" \
	'after [0-9.]+ MiB were trimmed: trim of /srv/trim: cancelled'
wait $waits
is "so the other has its turn" $? 0
umount /srv/other
rbdvol detach $pool/other

# --- what a trim could give back ---
dd if=/dev/zero of=/srv/trim/junk bs=1M count=40 conv=fsync status=none
reclaimable() {
	rbdvol show $pool/vol --json "$@" | jq .reclaimable
}
little=$(reclaimable)
rm /srv/trim/junk
sync -f /srv/trim
ok "what was deleted counts as reclaimable" test $(($(reclaimable) - little)) -ge $((36 << 20))
like "show has it in words" "$(rbdvol show $pool/vol)" 'reclaimable: +at most [0-9.]+ MiB'
ok "it is no more than what there is" test "$(reclaimable)" -le "$(used $pool/vol)"
like "list has it, too" "$(rbdvol list --usage)" "RECLAIMABLE.*$pool/vol +128 MiB +[0-9.]+ MiB +0 B? ?[^ ]* *[0-9.]+ MiB"
rbdvol trim $pool/vol >/dev/null
ok "after the trim the sizes of the objects say that it is little again" \
	test "$(reclaimable --slow)" -le $((little + (4 << 20)))

# --- usage ---
rbdvol create $pool/clone --from $pool/vol 2>/dev/null
is "a fresh clone takes nothing" "$(used $pool/clone)" 0
is "and shares all of its parent" "$(rbdvol show $pool/clone --json | jq .usage.shared)" "$(used $pool/vol)"
rbd bench --io-type write --io-size 4M --io-total 4M $pool/clone >/dev/null 2>&1
is "an object of its own counts" "$(used $pool/clone)" $((4 << 20))
rbdvol create $pool/grandchild --from $pool/clone 2>/dev/null
ok "a clone of a clone shares both" test "$(rbdvol show $pool/grandchild --json | jq .usage.shared)" -ge "$(used $pool/vol)"
like "list has it as a table" "$(rbdvol list --all --pool $pool --usage)" \
	"VOLUME +SIZE +USED +SHARED +RECLAIMABLE.*$pool/clone +128 MiB +4 MiB +[0-9.]+ MiB"
rbd create $pool/plain --size 64M --image-feature layering
rbd bench --io-type write --io-size 4M --io-total 8M $pool/plain >/dev/null 2>&1
is "without an object map it is left out" "$(rbdvol show $pool/plain --json | jq .usage)" null
is "unless told" "$(rbdvol show $pool/plain --slow --json | jq .usage.used)" $((8 << 20))
like "which list says" "$(rbdvol list --all --usage --pool $pool 2>&1)" 'note: 1 without.*--slow'
is "and can do" "$(rbdvol list --all --usage --slow --pool $pool --json |
	jq -r ".volumes[] | select(.image == \"plain\").usage.objects")" 2

like "as show does" "$(rbdvol show $pool/plain 2>&1)" 'no valid object map.*--slow'
rbd snap create --no-progress $pool/plain@s
rbd clone --rbd-default-clone-format 2 --image-feature layering,exclusive-lock,object-map,fast-diff $pool/plain@s $pool/half
is "what a parent without an object map has is not known" "$(rbdvol show $pool/half --json | jq -c '[.usage.used, .usage.shared]')" '[0,null]'
like "and told to be so" "$(rbdvol show $pool/half 2>&1)" 'one of its parents.*--slow'
is "unless told" "$(rbdvol show $pool/half --slow --json | jq .usage.shared)" $((8 << 20))
rbd create $pool/striped --size 30M --stripe-unit 64K --stripe-count 4
rbd bench --io-type write --io-size 1M --io-total 1M $pool/striped >/dev/null 2>&1
is "of a striped image each object counts once" \
	"$(rbdvol show $pool/striped --json | jq -c '[.usage.objects, .usage.used]')" "[$(objects $pool/striped),$((16 << 20))]"

# --- in another mount namespace ---
litter /srv/trim
unshare --mount --propagation private sleep 1000 &
container=$!
timeout 10 bash -c "until [[ \$(readlink /proc/$container/ns/mnt) != \$(readlink /proc/self/ns/mnt) ]]; do sleep 0.1; done"
umount /srv/trim
ok "a volume that is mounted in a container alone is trimmed" rbdvol trim $pool/vol
ok "also as one of all" test "$(litter /proc/$container/root/srv/trim; rbdvol trim --all --json | jq -s 'map(.filesystems) | add')" = 1
is "which has a total" "$(litter /proc/$container/root/srv/trim; rbdvol trim --all --json |
	jq -s '.[-1].total.trimmed == (.[:-1] | map(.trimmed) | add)')" true
kill $container
wait $container 2>/dev/null
refuses "when the container has ended, it is mounted no more" 1 'not mounted' rbdvol trim $pool/vol
ok "and all is nothing" rbdvol trim --all

# --- below a dm layer ---
sectors=$(blockdev --getsz "$device")
modprobe dm-mod
if dmsetup create layer --table "0 $sectors linear $device 0" 2>/dev/null; then
	mount /dev/mapper/layer /srv/dm
	litter /srv/dm
	ok "a file system on a layer of the device mapper" test "$(rbdvol trim $pool/vol --json | jq .trimmed)" -gt 0
	umount /srv/dm
	dmsetup remove layer
fi

# --- why not ---
mount -o ro "$device" /srv/trim
refuses "mounted for reading only" 1 'mounted for reading only' rbdvol trim $pool/vol
umount /srv/trim
rbdvol detach $pool/vol
rbdvol attach $pool/vol -o notrim >/dev/null 2>&1
mount "$(readlink -f /dev/rbdvol/$pool/vol)" /srv/trim
refuses "mapped so that it cannot" 9 'attached with the map option notrim' rbdvol trim $pool/vol
umount /srv/trim
done_testing
