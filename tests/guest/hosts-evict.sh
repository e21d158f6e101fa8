#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which clients a theft may end (docs/holds.md): one that 'rbd map' made serves several volumes; what a
# hold says can be written by anybody who can write the header. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a b
rados() { "$tap_tools/cluster" exec rados "$@"; }

pool=evict

cleanup() {
	local guest
	on a --sh 'kill $(cat /run/holder.pid)' 2>/dev/null
	for guest in a b; do
		leave "$guest"
	done
	pool_over "$pool"
}
trap cleanup EXIT

header() { echo "rbd_header.$(rbd info "$pool/$1" --format json | jq -r .id)"; }
field() { # GUEST VOLUME JQ-EXPRESSION
	on "$1" rbdvol show "$pool/$2" --json 2>/dev/null | jq -r "$3"
}
writes() { # GUEST VOLUME
	on "$1" --sh "echo x | dd of=/dev/rbd/$pool/$2 bs=4k conv=sync oflag=direct status=none 2>/dev/null"
}
dies() { ! writes "$@"; }
blocklisted() { ceph osd blocklist ls 2>/dev/null | grep -c "^$1 "; }
detach() { # GUEST...: all
	local guest
	for guest; do
		on "$guest" --sh 'rbdvol list --json | jq -r ".volumes[].device" | xargs -r rbdvol detach'
	done
}

pool_create "$pool"
for volume in one two three four; do rbd create $pool/$volume --size 16M; done
serve a
serve b

# --- what rbd map made and is not in use gets a client of its own ---
for volume in one two; do on a rbd device map $pool/$volume >/dev/null; done
is "rbd map makes one client for two volumes" "$(on a --sh 'cat /sys/bus/rbd/devices/*/client_addr | sort -u | wc -l')" 1
like "an attach tells what it does" "$(on a rbdvol attach $pool/one 2>&1)" 'mapped anew with a client of its own'
ok "the other is attached, too" on a rbdvol attach $pool/two
is "each has a client of its own" "$(on a --sh 'cat /sys/bus/rbd/devices/*/client_addr | sort -u | wc -l')" 2
is "once" "$(on a rbdvol attach $pool/one 2>&1)" "/dev/rbdvol/$pool/one"
ok "one is stolen" on b rbdvol attach $pool/one --steal --yes
ok "the other goes on" writes a two
ok "while the stolen one ends" dies a one
detach a b

# --- what is in use keeps it ---
for volume in three four; do on a rbd device map $pool/$volume >/dev/null; done
on a --sh "sleep 10000 </dev/rbd/$pool/three >/dev/null 2>&1 & echo \$! >/run/holder.pid"
node=$(on a readlink -f /dev/rbd/$pool/three)
like "an attach tells what that means" "$(on a rbdvol attach $pool/three 2>&1)" "$node keeps a client.*in use"
is "and leaves the device alone" "$(field a three .device)" "$node"
is "the hold says so" "$(rados -p $pool getxattr "$(header three)" rbdvol.hold | jq '.[0].client_shared')" true
client=$(field a three .client_address)
refuses "to steal it is refused, and the other volume named" 6 "$client.*other volumes.*$pool/four.*--steal-shared" \
	on b rbdvol attach $pool/three --steal --yes
refuses "also for a volume without a hold" 6 "$client.*other volumes.*$pool/three.*--steal-shared" \
	on b rbdvol attach $pool/four --steal --yes
is "nobody is blocklisted" "$(blocklisted "$client")" 0
is "and nothing held for it" "$(field b four .held_by)" null
ok "both go on" writes a four
ok "both go on" writes a three
refuses "steal-shared alone is a mistake" 2 'steal-shared requires steal' on b rbdvol attach $pool/three --steal-shared --yes
ok "who says so gets it" on b rbdvol attach $pool/three --steal --steal-shared --yes
ok "and ends both" dies a four
on a --sh 'kill $(cat /run/holder.pid)'
detach a b

# --- a hold is a text ---
ok "a host has a volume" on b rbdvol attach $pool/two
ok "another has one, too" on a rbdvol attach $pool/four
mine=$(field b two .client_address)
theirs=$(field a four .client_address)
for forged in "$mine" "$theirs" 10.99.0.1:0/4711; do
	rados -p $pool setxattr "$(header one)" rbdvol.hold \
		"[{\"host\": \"0123\", \"boot_id\": \"b\", \"host_name\": \"evil\\u001b[31m\\u009b\\u202e\", \"client_address\": \"$forged\", \"since\": 9223372036854775807}]"
	refuses "a hold that names $forged ends no client" 6 "held by host evil\?\[31m[?]+ \($forged\).*not blocklisted" \
		on b rbdvol attach $pool/one --steal --yes
	is "none" "$(blocklisted "$forged")" 0
done
ok "this host's volume goes on" writes b two
ok "and the other's" writes a four
ceph osd blocklist add 10.99.0.1:0/4711 600 >&2
ok "what is blocklisted by hand can be taken" on b rbdvol attach $pool/one --steal --yes
detach b
for forged in 10.99.0.1:6789/1 10.99.0.1:3300/0 10.99.0.0/24 10.99.0.12:0/0; do
	rados -p $pool setxattr "$(header one)" rbdvol.hold \
		"[{\"host\": \"0123\", \"boot_id\": \"b\", \"host_name\": \"evil\", \"client_address\": \"$forged\"}]"
	ok "a hold that names $forged is not a client's" on b rbdvol attach $pool/one --steal --yes
	is "and blocklists nothing" "$(blocklisted "$forged")" 0
	detach b
done
head -c 200000 /dev/zero | tr '\0' ' ' | rados -p $pool setxattr "$(header one)" rbdvol.hold
is "a hold is large" "$(rados -p $pool getxattr "$(header one)" rbdvol.hold | wc -c)" 200000
ok "one that is large is taken, too" on b rbdvol attach $pool/one --steal --yes
ok "the cluster serves" on b rbdvol detach $pool/one
done_testing
