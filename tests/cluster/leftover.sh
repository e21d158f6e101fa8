#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a crash for good leaves behind is found by the doctor and removed by prune, and nothing else
# is; and the doctor names the capability that a user lacks.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"
# shellcheck source=../lab/failpoints.sh
. "$top_srcdir/tests/lab/failpoints.sh"

pool=leftover
rbdvol=$top_builddir/rbdvol
export RBDVOL_SOCKET=$failpoints/api.sock
weak=$failpoints/weak.keyring

cleanup() {
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	pool_over $pool
	ceph auth rm client.weak 2>/dev/null
	ceph config rm osd osd_client_watch_timeout
	rm -rf "$failpoints"
}
trap cleanup EXIT

is_dead() { # a zombie, until it is waited for
	! readlink -e "/proc/$daemon_pid/exe"
}

die_at() { # POINT COMMAND...
	echo "$1" >"$failpoints/armed"
	"${@:2}" >/dev/null 2>&1
	wait_for 20 is_dead || bail_out "'${*:2}' passed no $1"
	wait "$daemon_pid" 2>/dev/null
	deadly_start
}

findings() { # LEVEL: what of the doctor has it
	"$rbdvol" doctor --pool $pool 2>/dev/null | grep "^$1"
}

finds() { # REGEX
	findings warning | grep "$1"
}

watched() { # IMAGE
	[[ $(rbd status "$1" --format json | jq '.watchers | length') != 0 ]]
}

pool_create $pool
# How long the watch of a killed client looks like somebody.
ceph config set osd osd_client_watch_timeout 10
rbd namespace create $pool/team
rbd create --size 16M $pool/golden
rbd create --size 16M $pool/team/golden
deadly_start

like "nothing is left over" "$(findings ok)" 'leftovers: nothing'
is "nor pruned" "$("$rbdvol" prune --pool $pool)" ""
die_at clone.noted "$rbdvol" create $pool/team/lost --from $pool/team/golden
rbd snap create --no-progress $pool/golden@rbdvol-0
rbd snap create --no-progress $pool/golden@rbdvol-base
rbd snap create --no-progress $pool/golden@theirs
write_to() {
	rbd bench --io-type write --io-size 4K --io-total 4K "$1" >/dev/null 2>&1
}
snapshot_of() {
	rbd info "$1" --format json | jq -r .parent.snapshot
}
write_to $pool/golden # so that the next clone needs a new snapshot
"$rbdvol" create $pool/gone --from $pool/golden 2>/dev/null
unused=$(snapshot_of $pool/gone)
rbd snap protect $pool/golden@"$unused"
rbd rm --no-progress $pool/gone
write_to $pool/golden
"$rbdvol" create $pool/web --from $pool/golden 2>/dev/null
used=$(snapshot_of $pool/web)
# What says whose it is goes by the image and the whole name.
rbd deep cp --no-progress $pool/golden $pool/copied
write_to $pool/golden
"$rbdvol" create $pool/gone --from $pool/golden 2>/dev/null
rbd snap rename $pool/golden@"$(snapshot_of $pool/gone)" $pool/golden@"$(snapshot_of $pool/gone | tr 0-9a-f 1-9a-f0)"
rbd rm --no-progress $pool/gone
foreign="$(rbd snap ls $pool/copied --format json | jq -r '.[].name') $(rbd snap ls $pool/golden --format json | jq -r ".[].name | select(. != \"$unused\")")"
rbd rename $pool/golden $pool/gold2 && rbd rename $pool/gold2 $pool/golden

like "the doctor finds an unfinished clone" "$(findings warning)" "unfinished clone: $pool/team/.rbdvol-lost"
like "and an unused snapshot" "$(findings warning)" "unused snapshot: $pool/golden@$unused"
like "and one that an older rbdvol may have left" "$(findings ok)" "snapshot: $pool/golden@rbdvol-0 has no clones"
like "an image may be looked at alone" "$("$rbdvol" prune --dry-run $pool/golden)" \
	"unused snapshot: $pool/golden@$unused would be removed"
before=$(rbd ls $pool/team; rbd snap ls $pool/golden --format json)
dry=$("$rbdvol" prune --dry-run --pool $pool)
is "a dry run changes nothing" "$(rbd ls $pool/team; rbd snap ls $pool/golden --format json)" "$before"
is "and tells what prune then does" "${dry//would be/is}" "$("$rbdvol" prune --pool $pool)"
is "the unfinished clone is gone" "$(rbd ls $pool/team)" golden
is "what is used, and what is not ours, stays" \
	"$(rbd snap ls $pool/copied --format json | jq -r '.[].name') $(rbd snap ls $pool/golden --format json | jq -r '.[].name')" "$foreign"
like "such as snapshots that others gave a name like ours" "$foreign" 'rbdvol-0.*rbdvol-base.*theirs'
rbd snap unprotect $pool/copied@"$unused" && rbd snap purge --no-progress $pool/copied && rbd rm --no-progress $pool/copied
is "then there is nothing more" "$("$rbdvol" prune --pool $pool)" ""
refuses "a snapshot is not a parent" 2 'not a snapshot' "$rbdvol" prune $pool/golden@theirs
refuses "an image that is not there" '[03]' 'no image' "$rbdvol" show $pool/nothing

# A hidden name may be all that is left of a volume that is whole, and in use.
die_at publish.named "$rbdvol" create $pool/team/named --from $pool/team/golden
"$rbdvol" prune --pool $pool >/dev/null
ok "what has its name already is not pruned" rbd bench --io-type read --io-size 4K --io-total 64K $pool/team/named
is "but completed" "$(rbd ls $pool/team | sort | xargs)" "golden named"
die_at replace.named "$rbdvol" reset $pool/team/named
"$rbdvol" prune --pool $pool >/dev/null
ok "nor what a reset has put in the place of another" rbd bench --io-type read --io-size 4K --io-total 64K $pool/team/named
"$rbdvol" prune --pool $pool >/dev/null
is "the other one is" "$(rbd ls $pool/team | sort | xargs)" "golden named"

# What is left of an image that was never made, or no longer exists, is its name: after a while without
# a header nobody can be about to make it.
id_of() {
	rbd info "$1" --format json | jq -r .id
}
age() { # OBJECT: written two hours ago (with what the ceph command is made of)
	/usr/bin/python3 - "$pool" "$1" <<-'END'
		import os, rados, sys, time
		with rados.Rados(conffile=os.environ["CEPH_CONF"]) as cluster, cluster.open_ioctx(sys.argv[1]) as io:
		    content = io.read(sys.argv[2])
		    with rados.WriteOpCtx() as op:
		        op.write_full(content)
		        io.remove_omap_keys(op, ("none",)) # a change, be the content empty
		        io.operate_write_op(op, sys.argv[2], mtime=int(time.time()) - 7200)
	END
}
for image in cut young; do
	rbd create --size 16M $pool/$image
	rados -p $pool rm "rbd_header.$(id_of $pool/$image)"
done
age rbd_id.cut
rbd create --size 16M $pool/deleted
rados -p $pool rm "rbd_header.$(id_of $pool/deleted)" && rados -p $pool rm rbd_id.deleted
is "a name in the directory alone is what a creation begins with" \
	"$(findings warning | grep -o "incomplete image: $pool/[a-z]*" | sort)" "incomplete image: $pool/cut"
age rbd_directory
is "names without an image are found, unless they may be about to get one" \
	"$(findings warning | grep -o "incomplete image: $pool/[a-z]*" | sort)" \
	"incomplete image: $pool/cut"$'\n'"incomplete image: $pool/deleted"
"$rbdvol" prune --pool $pool >/dev/null
age rbd_directory # which the removal of the other one changed
"$rbdvol" prune --pool $pool >/dev/null
is "and removed" "$(rbd ls $pool | grep -E 'cut|deleted|young')" young
age rbd_id.young
"$rbdvol" prune --pool $pool >/dev/null
is "the other one, too, when it is old enough" "$(rbd ls $pool | grep young)" ""

# librbd's own removal, cut in the middle: by then the name is free, and another image may have it.
listed() {
	rados -p $pool listomapkeys rbd_directory | grep -qx "name_$1"
}
cut_removal() { # IMAGE: is made, too, where it is not there
	local remover
	listed "$1" || rbd create --size 64M --object-size 4K --image-feature layering $pool/"$1"
	(exec rbd rm --no-progress $pool/"$1") 2>/dev/null &
	remover=$!
	while listed "$1"; do :; done
	kill -9 $remover
	wait $remover 2>/dev/null
}
in_trash() {
	rados -p $pool listomapkeys rbd_trash | wc -l
}
rbd create --size 64M --object-size 4K --image-feature layering $pool/tiles
"$rbdvol" create $pool/tile --from $pool/tiles 2>/dev/null
tiles=$(snapshot_of $pool/tile)
rbd clone --rbd-default-clone-format 2 --object-size 4K $pool/tiles@"$tiles" $pool/half
rbd rm --no-progress $pool/tile
cut_removal half
cut_removal again
rbd create --size 16M $pool/again
both_found() { # when the watches of the dead have ended
	finds "half-deleted image: the deleted image $pool/half " &&
		finds "half-deleted image: the deleted image $pool/again "
}
ok "images deleted in part are found, beside a new one of the same name, too" wait_for 60 both_found
is "a list has the new one alone" "$("$rbdvol" list --all --pool $pool | grep -cE 'half|again')" 1
like "prune removes the rest" "$("$rbdvol" prune --pool $pool | sort | xargs)" \
	"half-deleted image: $pool/again is removed half-deleted image: $pool/half is removed unused snapshot: $pool/tiles@$tiles is removed"
is "then there is nothing more" "$("$rbdvol" prune --pool $pool)" ""
is "of it nothing is left" "$(in_trash) $(rbd ls $pool | grep -E 'half|again')" "0 again"
cut_removal half
cut_removal again2
rbd create --size 16M $pool/again2
ok "delete goes on with one, when its client is known to be dead" wait_for 60 "$rbdvol" delete $pool/half
ok "and deletes all that had the name" wait_for 60 "$rbdvol" delete $pool/again2
is "so that nothing is left" "$(in_trash) $(rbd ls $pool | grep -E 'half|again')" "0 again"
refuses "nor to be deleted" 3 'no image' "$rbdvol" delete $pool/half
rbd rm --no-progress $pool/again

# A wipe that was interrupted is for its owner to complete.
rbd create --size 16M $pool/wiped
rbd bench --io-type write --io-size 4K --io-total 4K $pool/wiped >/dev/null 2>&1
die_at wipe.removed "$rbdvol" wipe $pool/wiped --algorithm trim
wait_for 60 finds "wipe: $pool/wiped"
like "a wipe that was interrupted is told, with what completes it" "$(findings warning)" \
	"wipe: $pool/wiped is erased in part.*\(rbdvol wipe $pool/wiped --algorithm trim completes it\)"
like "its hold, too" "$(findings warning)" "hold: $pool/wiped is held by this host, but not attached \(rbdvol prune"
like "which prune ends" "$("$rbdvol" prune --pool $pool)" "stale hold: $pool/wiped is removed"
is "so it is free" "$("$rbdvol" show $pool/wiped --json | jq -c '[.held_by, .size]')" '[null,16777216]'
ok "and completed" "$rbdvol" wipe $pool/wiped --algorithm trim --retry 60
is "no finding is left" "$(findings warning)" ""

# Other hosts' clones may be under way.
rbd clone --rbd-default-clone-format 2 $pool/golden@"$used" $pool/.rbdvol-lost.0123456789abcdef
rbd clone --rbd-default-clone-format 2 $pool/golden@"$used" $pool/.rbdvol-open.0123456789abcdef
rbd create --size 16M $pool/.rbdvol-gone.0123456789abcdef-old
like "the doctor tells of another host's clones" "$(findings warning)" \
	"another host's clone: $pool/.rbdvol-gone.0123456789abcdef-old is an unfinished clone of host 0123456789abcdef since 20"
is "which prune leaves alone" "$("$rbdvol" prune --pool $pool)" ""
like "even when told about other hosts, as long as they are young" "$("$rbdvol" prune --pool $pool --all-hosts)" \
	"another host's clone: $pool/.rbdvol-lost.0123456789abcdef of host 0123456789abcdef stays: it is younger"
for image in lost.0123456789abcdef open.0123456789abcdef gone.0123456789abcdef-old; do
	age "rbd_id..rbdvol-$image"
done
coproc rbd watch $pool/.rbdvol-open.0123456789abcdef 2>&1 # until its input ends
watcher=$COPROC_PID
wait_for 60 watched $pool/.rbdvol-open.0123456789abcdef
dry=$("$rbdvol" prune --dry-run --pool $pool --all-hosts)
is "a dry run tells of them" "$(wc -l <<<"$dry")" 3
"$rbdvol" prune --pool $pool --all-hosts >/dev/null
is "old ones go, but for one that is open somewhere" "$(rbd ls $pool | grep ^.rbdvol)" .rbdvol-open.0123456789abcdef
is "no client was blocklisted for that" "$(kill -0 $watcher && watched $pool/.rbdvol-open.0123456789abcdef; echo $?)" 0
eval "exec ${COPROC[1]}>&-"
wait $watcher
"$rbdvol" prune --pool $pool --all-hosts >/dev/null
is "that one later" "$(rbd ls $pool | grep ^.rbdvol)" ""

# Clones that are being made are not left over, in this daemon least of all.
prunes() {
	while [[ ! -e $failpoints/over ]]; do
		"$rbdvol" prune --pool $pool || return
	done
}
prunes >"$failpoints/prunes" 2>&1 &
pruner=$!
failed=''
for n in {1..5}; do
	creators=()
	rbd bench --io-type write --io-size 4K --io-total 4K $pool/golden >/dev/null 2>&1 # a new snapshot is needed
	for image in a b c d; do
		"$rbdvol" create $pool/beside-$image$n --from $pool/golden --size 24M 2>>"$failpoints/creates" &
		creators+=($!)
	done
	for creator in "${creators[@]}"; do
		wait "$creator" || failed+="$n "
	done
done
touch "$failpoints/over"
wait $pruner
is "prunes beside creates succeed" "$? $(grep -c rror "$failpoints/prunes")" "0 0"
is "and so do the creates" "$failed$(grep -v '^rbdvol: note: cloned from' "$failpoints/creates")" ""
is "all of them are there, whole" "$(for n in {1..5}; do for image in a b c d; do
	rbd info $pool/beside-$image$n --format json 2>/dev/null | jq -r '[.size, .parent.image] | join(" ")'
done; done | sort | uniq -c | xargs)" "20 25165824 golden"
is "nothing hidden is left" "$(rbd ls $pool | grep ^.rbdvol)" ""

ceph auth get-or-create client.weak mon 'allow r' osd "allow r pool=$pool" >"$weak"
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
printf '[rbdvol]\nkeyring = %s\nuser = weak\n' "$weak" >"$failpoints/rbdvol.conf"
RBDVOL_FAILPOINTS='' "$daemon_program" --foreground --config "$failpoints/rbdvol.conf" >>"$failpoints/log" 2>&1 &
daemon_pid=$!
for _ in {1..100}; do
	"$rbdvol" list >/dev/null 2>&1 && break
	sleep 0.1
done
said=$(findings error)
like "a right to write that lacks is named" "$said" \
	"client.weak may not write in pool '$pool' \(ceph auth caps client.weak mon 'profile rbd' osd 'profile rbd pool=$pool'"
like "and the right to blocklist" "$said" 'may not blocklist a dead owner'
ceph auth caps client.weak mon 'profile rbd' osd "profile rbd pool=$pool" 2>/dev/null
# Capabilities come with a connection.
kill "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
RBDVOL_FAILPOINTS='' "$daemon_program" --foreground --config "$failpoints/rbdvol.conf" >>"$failpoints/log" 2>&1 &
daemon_pid=$!
for _ in {1..100}; do
	"$rbdvol" list >/dev/null 2>&1 && break
	sleep 0.1
done
is "with the line that it gave all is well" "$(findings error | grep -c capabilities)" 0
"$rbdvol" doctor --pool $pool >/dev/null 2>&1
is "a host without the driver is told so, by the exit status too" "$? $(findings error | grep -c '^error *kernel')" "1 1"
done_testing
