#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two hosts and one volume: who may write it, who is told what, and that a host from which a volume
# is taken writes nothing into it any more, on none of several OSDs (docs/holds.md). A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab --osds 3 a b

pool=hosts
sum='dd if=/dev/rbdvol/hosts/vol bs=4M iflag=direct status=none | sha256sum'

field() { # GUEST VOLUME JQ-EXPRESSION
	on "$1" rbdvol show "$2" --json | jq -r "$3"
}

cleanup() {
	local guest
	for guest in a b; do
		on "$guest" pkill writer
		leave "$guest"
	done
	pool_over "$pool"
}
trap cleanup EXIT

pool_create $pool
rbd create $pool/vol --size 64M
serve a
serve b

# --- one of two ---
ok "the first host attaches" on a rbdvol attach $pool/vol
address=$(on a cat /sys/bus/rbd/devices/0/client_addr)
blocklisted=$(ceph osd blocklist ls 2>/dev/null | grep -c '^10.99.0.11:')
refuses "the second is refused and told who has it: host, address, since" 6 \
	"held by host guest-a \($address\) since 20..-..-.. " on b rbdvol attach $pool/vol
refuses "sharing needs both" 6 'held by host guest-a' on b rbdvol attach $pool/vol --shared
refuses "nothing is stolen without a yes" 6 'held by host guest-a.*--yes' on b rbdvol attach $pool/vol --steal
is "and no client is blocklisted" "$(ceph osd blocklist ls 2>/dev/null | grep -c "$address")" 0
ok "it may be read there" on b rbdvol attach $pool/vol --read-only
ok "and detached" on b rbdvol detach $pool/vol
is "which leaves the hold where it is" "$(field b $pool/vol .held_by.host)" guest-a
ok "a snapshot is made of an attached volume" rbd snap create $pool/vol@s --no-progress
ok "it is attached on the one" on a rbdvol attach $pool/vol@s
ok "and on the other" on b rbdvol attach $pool/vol@s
ok "both end" on a rbdvol detach $pool/vol@s
ok "both end" on b rbdvol detach $pool/vol@s
ok "an attached volume grows" rbd resize $pool/vol --size 80M --no-progress
ok "a clone" rbd clone --rbd-default-clone-format 2 $pool/vol@s $pool/child
ok "is attached" on a rbdvol attach $pool/child
ok "and flattened meanwhile" rbd flatten $pool/child --no-progress
ok "and detached" on a rbdvol detach $pool/child

# --- taken away from one that writes ---
"$tap_tools/guest" --name a run --sh 'cat >/tmp/writer' <<-'END'
	#!/bin/bash
	# Writes rounds all over the device, with O_DIRECT and through the page cache, until that fails.
	for flag in direct dsync; do
		(
			round=0
			while round=$((round + 1)); yes "$flag $round" |
				dd of=/dev/rbdvol/hosts/vol bs=256k count=256 iflag=fullblock oflag=$flag conv=notrunc 2>/dev/null; do :; done
			echo "$flag ended in round $round" >>/tmp/writer.out
		) &
	done
	dd if=/dev/urandom of=/dev/rbdvol/hosts/vol bs=1M seek=64 count=16 conv=notrunc 2>/dev/null # left dirty
	wait
END
on a --sh 'rm -f /tmp/writer.out; bash /tmp/writer >/dev/null 2>&1 &'
sleep 1
is "a host writes" "$(on a --sh 'test -e /tmp/writer.out; echo $?')" 1
asked() { # ANSWER: at a terminal
	on b --sh "printf '%s\n' $1 | script -qec 'rbdvol attach $pool/vol --steal' /dev/null"
}
like "at a terminal it is asked before; 'no' is respected" "$(asked n)" "held by host guest-a.*\[y/N\].*held by host guest-a"
is "and the first host writes on" "$(on a --sh 'test -e /tmp/writer.out; echo $?')" 1
like "the volume is taken from it by a yes" "$(asked y)" "held by host guest-a.*\[y/N\].*/dev/rbdvol/$pool/vol"
first=$(on b --sh "$sum")
ok "exactly its client is blocklisted" test "$(ceph osd blocklist ls 2>/dev/null | grep -c '^10.99.0.11:')" = $((blocklisted + 1))
is "by address and nonce" "$(ceph osd blocklist ls 2>/dev/null | grep -c "^$address ")" 1
sleep 2
is "its writers failed" "$(on a --sh 'wc -l </tmp/writer.out')" 2
on a --sh 'sync; blockdev --flushbufs /dev/rbd0' 2>/dev/null
is "no byte of theirs arrives" "$(on b --sh "$sum")" "$first"
ok "the new holder writes" on b --sh 'echo mine | dd of=/dev/rbdvol/hosts/vol bs=4k conv=sync oflag=direct status=none'
is "it is known as the holder" "$(field a $pool/vol .held_by.host)" guest-b
is "show says of the old device that it is fenced" "$(field a $pool/vol .fenced)" true
like "and what to do" "$(on a rbdvol show $pool/vol 2>&1)" 'blocklisted its client .*, and the volume is held by host guest-b'
is "list, too" "$(on a rbdvol list --json | jq -r '.volumes[] | select(.volume == "hosts/vol").fenced')" true
refuses "it cannot be attached there" 6 'held by host guest-b.*blocklisted.*rbdvol detach' on a rbdvol attach $pool/vol
ok "the new holder lets go" on b rbdvol detach $pool/vol
refuses "nor when it is free again" 5 'blocklisted.*rbdvol detach' on a rbdvol attach $pool/vol
refuses "nor for reading only" 5 'blocklisted.*rbdvol detach' on a rbdvol attach $pool/vol --read-only
refuses "nor by stealing" 5 'blocklisted.*rbdvol detach' on a rbdvol attach $pool/vol --steal --yes
like "nor by mount" "$(on a --sh "mount -t rbdvol $pool/vol /mnt 2>&1; echo \$?")" 'blocklisted.*rbdvol detach.*32'
is "and nobody holds it after that" "$(field b $pool/vol .held_by)" null
ok "so another host has it" on b rbdvol attach $pool/vol
ok "its detach works" on a rbdvol detach $pool/vol
is "and leaves the new hold alone" "$(field a $pool/vol .held_by.host)" guest-b
is "a second mapping on that host has a client of its own" "$(on a --sh "rbdvol create $pool/two --size 8M; rbdvol attach $pool/two >/dev/null; echo x | dd of=/dev/rbdvol/$pool/two bs=4k conv=sync oflag=direct status=none; echo \$?")" 0
ok "the new holder lets go" on b rbdvol detach $pool/vol
ok "the old one may have it again" on a rbdvol attach $pool/vol
is "and reads what was written meanwhile" "$(on a --sh 'head -c 4 /dev/rbdvol/hosts/vol')" mine
ceph osd blocklist add "$(field a $pool/vol .client_address)" 600 >&2
refuses "a device that is blocklisted while its host holds the volume is not attached" 5 'blocklisted.*rbdvol detach' \
	on a rbdvol attach $pool/vol
ok "it detaches" on a rbdvol detach $pool/vol

# --- a mapping that asked nobody ---
on a rbd device map $pool/vol >/dev/null
address=$(on a --sh 'cat /sys/bus/rbd/devices/*/client_addr | tail -n 1')
refuses "a plain rbd map counts as held" 6 "unknown holder.*${address%/*}" on b rbdvol attach $pool/vol
is "the refused one holds nothing" "$(field b $pool/vol .held_by)" null
ok "it can be taken from there, too" on b rbdvol attach $pool/vol --steal --yes
is "its writes fail" "$(on a --sh 'echo x | dd of=/dev/rbd/hosts/vol bs=4k conv=sync oflag=direct status=none 2>/dev/null; echo $?')" 1
ok "it detaches there" on a rbdvol detach $pool/vol
ok "and here" on b rbdvol detach $pool/vol

# --- both say shared ---
ok "shared on the one" on a rbdvol attach $pool/vol --shared
ok "shared on the other" on b rbdvol attach $pool/vol --shared
refuses "it does not become this host's alone under its device" 5 'attached already.* shared' on b rbdvol attach $pool/vol
ok "the other ends" on b rbdvol detach $pool/vol
refuses "to have it alone the first must go" 6 'held by host guest-a .*shared' on b rbdvol attach $pool/vol
ok "shared on the other again" on b rbdvol attach $pool/vol --shared
on a --sh 'echo shared | dd of=/dev/rbdvol/hosts/vol bs=4k conv=sync oflag=direct status=none'
is "what the one writes the other reads" "$(on b --sh 'dd if=/dev/rbdvol/hosts/vol bs=4k count=1 iflag=direct status=none | head -c 6')" shared
ok "the one ends" on a rbdvol detach $pool/vol
is "the other still holds" "$(field a $pool/vol .held_by.host)" guest-b
ok "the other ends" on b rbdvol detach $pool/vol
is "nobody holds it" "$(field a $pool/vol .held_by)" null
done_testing
