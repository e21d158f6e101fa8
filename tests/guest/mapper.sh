#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mapper/ and the udev rules in a guest, without daemon and librbd of ours: map-probe calls
# device_map and its like; the rest is mapped by 'rbd device map', since the names must be right for
# that too. What a link is called is worked out here a second time, by another program.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

probe=$top_builddir/tests/guest/map-probe
pool=mapper
monitors=10.99.0.1:6789
fsid=$(ceph fsid)
udevd=/usr/lib/systemd/systemd-udevd

cleanup() {
	local mapping
	umount -l /srv/mapper /srv/twin 2>/dev/null
	swapoff -a
	for mapping in /sys/bus/rbd/devices/*; do
		[[ ! -e $mapping ]] || rbd device unmap "/dev/rbd${mapping##*/}" >&2
	done
	losetup -D
	pool_over "$pool"
	pool_over by-id
}
trap cleanup EXIT

# The link that POOL NAMESPACE IMAGE [SNAP] must get, by byte.
encode() {
	local LC_ALL=C text=$1 last=${2-} out='' byte i
	[[ $text != . && $text != .. ]] || last=0
	for ((i = 0; i < ${#text}; i++)); do
		byte=${text:i:1}
		if [[ $byte == [A-Za-z0-9#+.:=_-] && $i != "$last" ]]; then
			out+=$byte
		else
			printf -v byte '\\x%02x' "'$byte"
			# printf takes bytes above 0x7f for negative numbers in some locales
			out+=${byte/xffffffffffffff/x}
		fi
	done
	echo "$out"
}

ending() { # where NAME ends like a partition
	[[ $1 =~ ^(.*)-part[0-9]+$ ]] && echo "${#BASH_REMATCH[1]}"
}

link_of() {
	local link
	link=/dev/rbdvol/$(encode "$1" "$([[ $1 != by-id ]] || echo 0)")/${2:+$(encode "$2")/}
	if [[ -n ${4-} ]]; then
		echo "$link$(encode "$3")@$(encode "$4" "$(ending "$4")")"
	else
		echo "$link$(encode "$3" "$(ending "$3")")"
	fi
}

# Map SPEC by map-probe with the ids that the cluster tells; prints node, spec, mode, client, link.
map() { # SPEC OPTIONS [ro]
	local info snap=-
	info=$(rbd info --format json "$1") || return
	[[ $1 != *@* ]] || snap=$(jq -r .snapshot_id <<<"$info")
	[[ $1 != *@* ]] || snap=$(rbd snap ls --format json "${1%@*}" | jq -r --arg s "${1#*@}" '.[]|select(.name==$s).id')
	"$probe" map "$1" "$fsid" "$(pool_id "${1%%/*}")" "$(jq -r .id <<<"$info")" "$snap" $monitors \
		admin /root/mapper.key "$2" "${3-}" 2>/root/mapper.err || {
		cat /root/mapper.err >&2
		return 1
	}
}

pool_id() {
	jq -r --arg p "$1" '.[]|select(.pool_name==$p).pool_id' /root/mapper.pools
}

# What needs nothing but the kernel: the line as another program might write it.
map_plainly() { # SPEC: pool/namespace/image or pool/image
	local pool_name=${1%%/*} ns='' image=${1##*/}
	[[ $1 != */*/* ]] || ns=${1#*/} ns=,_pool_ns=${ns%%/*}
	echo "$monitors name=admin,secret=$key,noshare$ns $pool_name $image -" >/sys/bus/rbd/add_single_major &&
		udevadm settle
}

leads_to() { # LINK NODE
	[[ $(readlink -f "$1") == "$2" ]]
}

# The properties of a device that name its image.
properties() { # NODE
	udevadm info -q property "$1" | grep '^ID_RBD_' | grep -vE '^ID_RBD_(CLIENT|DISKSEQ)='
}

properties_wanted() { # POOL IMAGE: as udev has them
	cat <<-END
		ID_RBD_CLUSTER_FSID=$fsid
		ID_RBD_IMAGE=$(encode "$2")
		ID_RBD_IMAGE_ID=$(rbd info --format json "$1/$2" | jq -r .id)
		ID_RBD_POOL=$1
		ID_RBD_POOL_ID=$(pool_id "$1")
	END
}

mappings() {
	find /sys/bus/rbd/devices/ -mindepth 1 2>/dev/null | wc -l
}

pool_create $pool
pool_create by-id
rbd namespace create $pool/team
# shellcheck disable=SC2016 # awk's
key=$(awk '/key = /{print $3}' /etc/ceph/ceph.client.admin.keyring)
base64 -d <<<"$key" >/root/mapper.key
ceph osd pool ls detail --format json >/root/mapper.pools
mkdir -p /srv/mapper /srv/twin

# --- the driver, the key ---
is "without the driver there are no mappings" "$("$probe" list)" ""
like "features load the driver" "$("$probe" features)" '^[0-9a-f]+$'
is "with single_major" "$(cat /sys/module/rbd/parameters/single_major)" Y
rbd create --size 64M $pool/plain
read -r node spec mode client link <<<"$(map $pool/plain queue_depth=32)"
is "a volume is mapped" "$spec $mode" "$pool/plain rw"
is "its link is told" "$link" /dev/rbdvol/$pool/plain
is "and leads to it" "$(readlink -f "$link")" "$node"
is "the client's address is told" "$client" "$(cat "/sys/bus/rbd/devices/${node#/dev/rbd}/client_addr")"
is "a writer's client is its own, its options are passed on, the key is not" \
	"$(cut -d' ' -f2 "/sys/bus/rbd/devices/${node#/dev/rbd}/config_info")" \
	name=admin,key=client.admin,rw,noshare,queue_depth=32
is "no key is left in the kernel" "$(grep -c ' ceph ' /proc/keys)" 0
for path in "$node" "$link" /dev/rbd/$pool/plain "/dev/rbdvol/by-id/$fsid-$(pool_id $pool)-$(rbd info --format json $pool/plain | jq -r .id)"; do
	like "found by $path" "$("$probe" show "$path")" "^$node $pool/plain "
done
refuses "a path that is none" 3 'No such file' "$probe" show /dev/rbdvol/$pool/nosuch
refuses "a device of another kind" 2 'not an rbd device|not a block device' "$probe" show /dev/null

# --- two mappings of an image ---
read -r second _ mode _ link <<<"$(map $pool/plain - ro)"
is "a second mapping has no link" "$mode $link" "ro -"
is "which stays with the first" "$(readlink -f /dev/rbdvol/$pool/plain)" "$node"
udevadm trigger --action=change "$second" && udevadm settle
is "also after an event of the second" "$(readlink -f /dev/rbdvol/$pool/plain)" "$node"
read -r third _ _ _ link <<<"$(map $pool/plain -)"
is "a third for writing has none either" "$link $(readlink -f /dev/rbdvol/$pool/plain)" "- $node"
ok "unmap the first" "$probe" unmap "$node"
ok "the one for writing gets the link, not the older one for reading" \
	wait_for 10 leads_to /dev/rbdvol/$pool/plain "$third"
ok "unmap the third" "$probe" unmap "$third"
ok "the last gets it" wait_for 10 leads_to /dev/rbdvol/$pool/plain "$second"
ok "unmap the last" "$probe" unmap "$second"
# udev removes the directory a moment after the link
ok "then no link is left" wait_for 10 test ! -e /dev/rbdvol
is "and no mapping" "$(mappings)" 0

# --- names ---
long=$(printf 'n%.0s' {1..200})
# shellcheck disable=SC2016 # not to be expanded, by udev neither
for name in 'comma,name' a=b 'ümläut-€' x-part1 x-part1y -part2 "$long" '#+.:_' "q'uo\"te" 'st*r?[a]' \
	'back\slash' '\x41' '$env{PATH}' '%k%n' '~tilde!' 'a|b;c&d'; do
	rbd create --size 8M "$pool/$name" || bail_out "no image $name"
	wanted=$(link_of $pool "" "$name")
	map_plainly "$pool/$name"
	is "the link of ${name:0:60}" "$(readlink -f "$wanted")" /dev/rbd0
	is "and of nothing else" "$(find /dev/rbdvol -type l | wc -l)" 2
	is "is known to device_find_path" "$("$probe" show /dev/rbd0 | cut -d' ' -f5)" "$wanted"
	"$probe" unmap /dev/rbd0 2>/dev/null
done
# A plain name takes no process: it comes out the same without the helper. An odd one needs it.
helper=/usr/lib/udev/rbdvol-udev
mv $helper $helper.away
map_plainly $pool/plain
is "a plain name is right without the helper" "$(readlink -f /dev/rbdvol/$pool/plain)" /dev/rbd0
is "with all its properties" "$(properties /dev/rbd0 | sort)" "$(properties_wanted $pool plain)"
"$probe" unmap /dev/rbd0 2>/dev/null
map_plainly "$pool/comma,name"
is "an odd name has no link without it" "$(find /dev/rbdvol/$pool -name 'comma*' 2>/dev/null)" ""
echo 0 >/sys/bus/rbd/remove_single_major && udevadm settle
mv $helper.away $helper
map_plainly "$pool/comma,name"
is "an odd name has the same properties" "$(properties /dev/rbd0 | sort)" "$(properties_wanted $pool comma,name)"
"$probe" unmap /dev/rbd0 2>/dev/null

for name in web 'we,b=ü'; do
	rbd create --size 8M "$pool/team/$name"
	wanted=$(link_of $pool team "$name")
	is "rbd device map in a namespace: $name" "$(rbd device map "$pool/team/$name")" \
		"$(readlink -f "$wanted")"
	"$probe" unmap /dev/rbd0 2>/dev/null
	is "device_map in a namespace: $name" "$(map "$pool/team/$name" - | cut -d' ' -f5)" "$wanted"
	is "its properties" "$(udevadm info -q property "$wanted" | grep ^ID_RBD_NAMESPACE)" ID_RBD_NAMESPACE=team
	"$probe" unmap "$wanted" 2>/dev/null
done
ok "all names are gone again" wait_for 10 test ! -e /dev/rbdvol

rbd create --size 8M by-id/img
is "a pool called by-id is kept apart" "$(map by-id/img - | cut -d' ' -f5)" '/dev/rbdvol/\x62y-id/img'
"$probe" unmap '/dev/rbdvol/\x62y-id/img' 2>/dev/null

for snap in s1 'ü,1-part1'; do
	rbd snap create --no-progress "$pool/plain@$snap"
	wanted=$(link_of $pool "" plain "$snap")
	read -r node _ mode _ link <<<"$(map "$pool/plain@$snap" -)"
	is "snapshot $snap" "$mode $link" "ro $wanted"
	like "its client is shared" "$(cat "/sys/bus/rbd/devices/${node#/dev/rbd}/config_info")" ',ro,share '
	is "its properties" "$(udevadm info -q property "$node" | grep -c '^ID_RBD_SNAP')" 2
	"$probe" unmap "$node" 2>/dev/null
done

# --- content, partitions, clones ---
# systemd 257 and newer makes links by content for rbd devices too: have it so here in any case.
mkdir -p /etc/udev/rules.d
sed 's/|nbd\*|zd\*/&|rbd*/' /usr/lib/udev/rules.d/60-persistent-storage.rules \
	>/etc/udev/rules.d/60-persistent-storage.rules
udevadm control --reload
rbd create --size 256M $pool/golden
node=$(map $pool/golden - | cut -d' ' -f1)
sfdisk --quiet "$node" <<<$'label: gpt\n,64M\n,' && udevadm settle
mkfs.ext4 -q -E nodiscard -L goldenroot "${node}p1" && udevadm settle
uuid=$(blkid -o value -s UUID "${node}p1")
is "partitions have links" "$(readlink -f /dev/rbdvol/$pool/golden-part1 /dev/rbdvol/$pool/golden-part2 | xargs)" \
	"${node}p1 ${node}p2"
like "a partition leads to the device" "$("$probe" show /dev/rbdvol/$pool/golden-part2)" "^$node "
like "its content" "$("$probe" content "${node}p1")" "type=ext4 label=goldenroot uuid=$uuid"
like "the partition table" "$("$probe" content "$node")" 'table=gpt'
is "a later mkfs was seen by udev" "$(udevadm info -q property "${node}p1" | grep ^ID_FS_TYPE)" ID_FS_TYPE=ext4
is "an image that is not a clone has its links by content" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${node}p1"
ok "unmap right after a write: udev still looks at it" "$probe" unmap "$node"
rbd snap create --no-progress $pool/golden@base
rbd clone --rbd-default-clone-format 2 $pool/golden@base $pool/clone
rbd export --no-progress $pool/golden /root/twin.img

# the same file system on a disk of another kind
modprobe loop
twin=$(losetup --show -fP /root/twin.img)
udevadm settle
is "the original has its links" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${twin}p1"
node=$(map $pool/clone - | cut -d' ' -f1)
udevadm settle
is "a clone is marked" "$(udevadm info -q property "$node" | grep ^ID_RBD_CLONE)" ID_RBD_CLONE=1
for path in "by-uuid/$uuid" by-label/goldenroot \
	"by-partuuid/$(blkid -o value -s PARTUUID "${twin}p1")"; do
	is "a clone does not take /dev/disk/$path" "$(readlink -f "/dev/disk/$path")" "${twin}p1"
done
udevadm trigger --action=change "${node}p1" && udevadm settle
is "nor by an event" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${twin}p1"
losetup -d "$twin" && udevadm settle
ok "nor while the original is away" test ! -e "/dev/disk/by-uuid/$uuid"
is "lsblk -f shows its file system" "$(lsblk -nro FSTYPE,LABEL,UUID "${node}p1")" "ext4 goldenroot $uuid"
is "its partitions have links" "$(readlink -f /dev/rbdvol/$pool/clone-part1)" "${node}p1"
base=$(map $pool/golden@base - | cut -d' ' -f1)
udevadm settle
ok "nor does a snapshot take them" test ! -e "/dev/disk/by-uuid/$uuid"
is "a snapshot's partition has its link" "$(readlink -f /dev/rbdvol/$pool/golden@base-part1)" "${base}p1"
"$probe" unmap "$base" 2>/dev/null

twin=$(losetup --show -fP /root/twin.img)
golden=$(map $pool/golden - | cut -d' ' -f1)
udevadm trigger --action=change "${golden}p1" && udevadm settle
is "an image stands behind a device of another kind" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${twin}p1"
losetup -d "$twin" && udevadm settle
is "and gets the link after it" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${golden}p1"

# Flattened, a clone has no parent any more, but still golden's UUIDs.
rbd flatten --no-progress $pool/clone
ok "the kernel has seen that the clone is flattened" \
	wait_for 30 grep -q '^(no parent' "/sys/bus/rbd/devices/${node#/dev/rbd}/parent"
udevadm trigger --action=change "$node" "${node}p1" && udevadm settle
is "a flattened clone does not take the link" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${golden}p1"
"$probe" unmap "$node" 2>/dev/null
node=$(map $pool/clone - | cut -d' ' -f1)
udevadm settle
is "nor when it is mapped anew" "$(readlink -f "/dev/disk/by-uuid/$uuid")" "${golden}p1"
is "as it is marked then" "$(udevadm info -q property "${node}p1" | grep ^ID_RBD_CO)" ID_RBD_COPY=1
is "nor by-partuuid" \
	"$(readlink -f "/dev/disk/by-partuuid/$(blkid -o value -s PARTUUID "${node}p1")")" "${golden}p1"
"$probe" unmap "$golden" 2>/dev/null
udevadm trigger --action=change "${node}p1" && udevadm settle
ok "nor once golden is away" wait_for 10 test ! -e "/dev/disk/by-uuid/$uuid"
rm /etc/udev/rules.d/60-persistent-storage.rules && udevadm control --reload

# --- the rules themselves ---
test_output=$(udevadm test --action=change "/sys/block/${node#/dev/}" 2>&1)
is "udevadm test finds no fault in the rules" \
	"$(grep -E '59-rbdvol.rules:?[0-9]*.*([Ii]nvalid|[Ii]gnor|[Ff]ail|[Uu]nknown)' <<<"$test_output")" ""
like "and makes the links" "$test_output" "rbdvol/$pool/clone"
if udevadm verify --help >/dev/null 2>&1; then
	ok "udevadm verify" udevadm verify --no-style /usr/lib/udev/rules.d/59-rbdvol.rules
fi

# --- who uses it ---
mount "${node}p1" /srv/mapper
is "a mount of a partition" "$("$probe" mounts "$node")" /srv/mapper
is "is a user" "$("$probe" users "$node")" "mounted on /srv/mapper"
start=$EPOCHREALTIME
like "it is busy at once" "$("$probe" unmap "$node" 2>&1)" 'in use'
ok "without waiting" test $(((${EPOCHREALTIME/./} - ${start/./}) / 1000000)) -lt 3
ok "trim" test "$("$probe" trim /srv/mapper)" -gt 0
refuses "no trim of what is not a mount" 2 'nothing is mounted' "$probe" trim /srv/twin
unshare -m --propagation private sleep 60 &
sleeper=$!
sleep 0.5
umount /srv/mapper
like "a mount in another namespace is told, with who" "$("$probe" users "$node")" \
	"mounted on /srv/mapper in the mount namespace of sleep \(pid [0-9]+\)"
kill $sleeper
wait $sleeper 2>/dev/null
mkswap -q "${node}p2" && swapon "${node}p2" && udevadm settle
is "swap" "$("$probe" users "$node")" "used as swap"
swapoff "${node}p2"
tail -f /dev/null 3<"$node" &
sleeper=$!
like "an open file" "$("$probe" users "$node")" "open in tail \(pid $sleeper\)"
like "is in the way" "$("$probe" unmap "$node" 2>&1)" 'in use'
kill $sleeper
wait $sleeper 2>/dev/null
loop=$(losetup --show -f "${node}p2")
like "a loop device on a partition" "$("$probe" users "$node")" "held by ${loop#/dev/} \(a loop device\)"
like "is in the way, too" "$("$probe" unmap "$node" 2>&1)" 'in use'
losetup -d "$loop"
if modprobe dm_mod 2>/dev/null || [[ -d /sys/module/dm_mod ]]; then
	ok "a device on top" dmsetup create mapper-test --table "0 2048 linear ${node}p2 0"
	like "is told" "$("$probe" users "$node")" 'held by dm-[0-9]+ \(mapper-test\)'
	dmsetup remove mapper-test
else
	tap_result 0 "a device on top # SKIP this kernel has no device mapper" ''
fi
ok "then it is unmapped" "$probe" unmap "$node"

# --- more events than the socket holds ---
# Without CAP_NET_ADMIN its buffer has the system's size, which is made tiny; the prober is stopped
# while udev sends. What was lost must not be waited for.
sysctl -q -w net.core.rmem_max=4608
cat >/root/small-probe <<-END
	#!/bin/sh
	echo \$\$ >/root/small-probe.pid
	exec setpriv --bounding-set=-net_admin $probe "\$@"
END
chmod +x /root/small-probe
drops() {
	awk -v pid="$(cat /root/small-probe.pid)" '$3 == pid { n += $9 } END { print n + 0 }' /proc/net/netlink
}
udevadm control --stop-exec-queue
probe=/root/small-probe map $pool/plain - >/root/small-probe.out &
mapper=$!
wait_for 60 test -e /sys/bus/rbd/devices/0
kill -STOP "$(cat /root/small-probe.pid)"
udevadm control --start-exec-queue
for ((i = 0; i < 100 && $(drops) == 0; i++)); do
	udevadm trigger --subsystem-match=block --action=change && udevadm settle
done
like "udev's socket was overrun" "$(drops)" '^[1-9]'
kill -CONT "$(cat /root/small-probe.pid)"
wait $mapper
is "a map goes on, and finds its link" "$(cut -d' ' -f5 /root/small-probe.out)" /dev/rbdvol/$pool/plain
"$probe" unmap /dev/rbdvol/$pool/plain 2>/dev/null
sysctl -q -w net.core.rmem_max=212992

# --- udev away, rules away ---
udevadm control --exit && udevadm settle 2>/dev/null
like "no udevd" "$(map $pool/plain - 2>&1)" 'systemd-udevd is not running'
"$probe" unmap /dev/rbd0 2>/dev/null
"$udevd" --daemon && udevadm settle
mkdir -p /etc/udev/rules.d && : >/etc/udev/rules.d/59-rbdvol.rules && udevadm control --reload
like "no rules" "$(map $pool/plain - 2>&1)" "not rbdvol's rules"
"$probe" unmap /dev/rbd0 2>/dev/null
is "both are unmapped" "$(mappings)" 0
rm /etc/udev/rules.d/59-rbdvol.rules && udevadm control --reload

# --- what the kernel refuses ---
like "an image that was replaced meanwhile" \
	"$("$probe" map $pool/plain "$fsid" "$(pool_id $pool)" abc - $monitors admin /root/mapper.key - 2>&1)" \
	'replaced by another image'
like "another cluster" \
	"$("$probe" map $pool/plain "${fsid//[0-9]/0}" "$(pool_id $pool)" abc - $monitors admin /root/mapper.key - 2>&1)" \
	'mapped from cluster'
like "an image that is not there" \
	"$("$probe" map $pool/nosuch "$fsid" 1 abc - $monitors admin /root/mapper.key - 2>&1)" \
	'no such pool, namespace, image or snapshot .*does not exist'
like "a user that is not there" \
	"$("$probe" map $pool/plain "$fsid" 1 abc - $monitors nobody /root/mapper.key - 2>&1)" 'refuses the user'
like "no monitor" \
	"$("$probe" map $pool/plain "$fsid" 1 abc - 10.99.0.1:6790 admin /root/mapper.key mount_timeout=2 2>&1)" \
	'no monitor answered.*10.99.0.1:6790'
like "a feature that krbd lacks" \
	"$(rbd feature enable $pool/plain journaling && map $pool/plain - 2>&1)" "features that this kernel's"
rbd feature disable $pool/plain journaling
is "nothing is left mapped" "$(mappings)" 0
is "nor a key" "$(grep -c ' ceph ' /proc/keys)" 0

# --- the older files of the bus ---
modprobe -r rbd && modprobe rbd single_major=N
ok "without single_major" test ! -e /sys/bus/rbd/add_single_major
node=$(map $pool/plain - | cut -d' ' -f1)
is "a volume is mapped too" "$(readlink -f /dev/rbdvol/$pool/plain)" "$node"
ok "and unmapped" "$probe" unmap "$node"
modprobe -r rbd
done_testing
