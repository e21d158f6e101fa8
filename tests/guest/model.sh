#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random work through the kernel, against checksums: files on a volume that is trimmed meanwhile, and a
# golden image that is written through its device, snapshotted, rolled back and cloned.
#
# Usage: model.sh [ROUNDS [SEED]]: by default 5; `make soak` does 60.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

rounds=${1:-5}
seed=${2:-${SEED:-$((RANDOM * 32768 + RANDOM))}}
RANDOM=$((seed % 32768))
pool=model
echo "# $rounds rounds; again with: $0 $rounds $seed"

cleanup() {
	umount /srv/model 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

pool_create $pool
daemon_start

# --- trim: what is on a file system stays as it was ---
rbdvol create $pool/fs --size 96M
device=$(readlink -f "$(rbdvol attach $pool/fs 2>/dev/null)")
mkfs.ext4 -q "$device"
mkdir -p /srv/model
mount "$device" /srv/model
declare -A sums
wrong=0 freed=0
for ((round = 0; round < rounds; round++)); do
	for ((i = 0; i < 4; i++)); do
		file=/srv/model/$((RANDOM % 8))
		case $((RANDOM % 4)) in
		0)
			rm -f "$file"
			unset "sums[$file]"
			continue
			;;
		1) dd if=/dev/urandom of="$file" bs=4k count=$((RANDOM % 64 + 1)) seek=$((RANDOM % 256)) conv=notrunc status=none ;;
		*) dd if=/dev/urandom of="$file" bs=1M count=$((RANDOM % 6 + 1)) status=none ;;
		esac
		sums[$file]=$(md5sum <"$file")
	done
	sync -f /srv/model
	((RANDOM % 3)) && freed=$((freed + $(rbdvol trim $pool/fs --json | jq .trimmed)))
	umount /srv/model
	if ((RANDOM % 3 == 0)); then
		rbdvol detach $pool/fs
		device=$(readlink -f "$(rbdvol attach $pool/fs 2>/dev/null)")
	fi
	mount "$device" /srv/model
	for file in "${!sums[@]}"; do
		[[ $(md5sum <"$file") == "${sums[$file]}" ]] || { wrong=$((wrong + 1)); echo "# round $round: $file"; }
	done
done
is "no file is another after $rounds rounds with trims" $wrong 0
rm -f /srv/model/?
sync -f /srv/model
freed=$((freed + $(rbdvol trim $pool/fs --json | jq .trimmed)))
ok "and they gave something back" test $freed -gt 0
umount /srv/model
like "the file system is whole" "$(e2fsck -fn "$device" 2>&1)" '/4096|files'
rbdvol detach $pool/fs

# --- clones of an image that the kernel writes ---
content() { rbd export --no-progress "$1" - | md5sum; }
rbdvol create $pool/golden --size 8M
snaps=()
wrong=0
for ((round = 0; round < rounds; round++)); do
	case $((RANDOM % 6)) in
	0 | 1)
		device=$(rbdvol attach $pool/golden 2>/dev/null)
		if ((RANDOM % 3)); then
			dd if=/dev/urandom of="$device" bs=4M count=2 iflag=fullblock oflag=direct status=none
		else
			blkdiscard -o $((RANDOM % 2 * 4))M -l 4M "$device"
		fi
		((RANDOM % 3)) && rbdvol detach $pool/golden
		;;
	2)
		rbd snap create --no-progress "$pool/golden@s$round"
		snaps+=("s$round")
		((RANDOM % 2)) && rbd snap create --no-progress "$pool/golden@t$round" && snaps+=("t$round")
		;;
	3)
		((${#snaps[@]})) || continue
		rbdvol detach $pool/golden 2>/dev/null
		rbd snap rollback --no-progress "$pool/golden@${snaps[RANDOM % ${#snaps[@]}]}"
		;;
	esac
	rbdvol create "$pool/c$round" --from $pool/golden 2>/dev/null
	[[ $(content "$pool/c$round") == "$(content $pool/golden)" ]] || { wrong=$((wrong + 1)); echo "# round $round"; }
done
is "each of $rounds clones is what the golden image was" $wrong 0
done_testing
