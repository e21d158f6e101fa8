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
	umount -A /srv/trim /srv/dm 2>/dev/null
	dmsetup remove layer 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_delete "$pool"
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
daemon_start
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
like "in words" "$(rbdvol trim $pool/vol)" "^$pool/vol: [0-9.]+ MiB trimmed, objects [0-9.]+ MiB smaller$"
like "a second trim explains its 0" "$(rbdvol trim $pool/vol 2>&1 >/dev/null)" \
	'gave nothing back.*alloc_size'
refuses "a minimum that ext4 does not take" 2 'no minimum above the size of its groups' rbdvol trim $pool/vol --minimum 1G
litter /srv/trim
is "no range is as long as the minimum" "$(rbdvol trim $pool/vol --minimum 120M --json | jq .trimmed)" 0
start=$(date +%s%N)
ok "with a rate" rbdvol trim $pool/vol --rate 40M
ok "it takes its time" test $((($(date +%s%N) - start) / 1000000)) -gt 600

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

# --- in another mount namespace ---
litter /srv/trim
unshare --mount --propagation private sleep 1000 &
container=$!
timeout 10 bash -c "until [[ \$(readlink /proc/$container/ns/mnt) != \$(readlink /proc/self/ns/mnt) ]]; do sleep 0.1; done"
umount /srv/trim
ok "a volume that is mounted in a container alone is trimmed" rbdvol trim $pool/vol
ok "also as one of all" test "$(litter /proc/$container/root/srv/trim; rbdvol trim --all --json | jq -s 'map(.filesystems) | add')" = 1
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
refuses "mapped so that it can't" 9 'attached with the map option notrim' rbdvol trim $pool/vol
umount /srv/trim
done_testing
