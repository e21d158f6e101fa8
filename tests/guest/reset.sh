#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clones taken back to the content of their parents: what is refused, what is kept, and that another
# client then reads the parent's content, with the space back. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=reset

cleanup() {
	umount /srv/reset 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

content() { # IMAGE, as another client reads it
	rbd export --no-progress "$1" - | sha256sum
}

objects() { # IMAGE
	rados -p $pool ls | grep -c "^rbd_data\.$(rbd info "$1" --format json | jq -r .id)\."
}

world() { # how many objects of each kind there are in the pool
	rados -p $pool ls | grep -vx rbd_trash | sed -E 's/^(rbd_(header|data|object_map))\..*/\1/' | sort | uniq -c
}

fill() { # IMAGE: data here and there
	rbd bench --io-type write --io-size 1M --io-total 8M --io-pattern rand "$1" >/dev/null 2>&1
}

kept() { # IMAGE: what a reset does not change
	rbd info "$1" --format json | jq -c '[.name, .size, .order, .features, .stripe_unit, .stripe_count, .parent]'
	rbd image-meta ls "$1" --format json
}

pool_create $pool
head -c 16M /dev/urandom >/run/golden
rbd import --no-progress /run/golden $pool/golden
rbd image-meta set $pool/golden conf_rbd_cache false
daemon_start
rbdvol create $pool/web --from $pool/golden --size 32M 2>/dev/null
rbd image-meta set $pool/web owner me >/dev/null
rbd image-meta remove $pool/web conf_rbd_cache
for i in {1..9}; do rbd image-meta set $pool/web note"$i" value"$i"; done >/dev/null
fresh=$(content $pool/web)
before=$(kept $pool/web)
clean=$(world)
fill $pool/web

# --- refusals ---
changed=$(content $pool/web)
refuses "what is not a clone" 2 "not a clone: .*no parent.*rbdvol wipe" rbdvol reset $pool/golden
refuses "a snapshot" 2 'not a snapshot' rbdvol reset $pool/web@x
refuses "no such volume" 3 "no image '$pool/none'" rbdvol reset $pool/none
rbdvol attach $pool/web >/dev/null 2>&1
refuses "what is attached here" 5 'attached to this host as /dev/rbd.*detach' rbdvol reset $pool/web
rbdvol detach $pool/web
exec rbd bench --io-type write --io-size 4K --io-total 1G $pool/web >/run/bench.log 2>&1 &
writer=$!
timeout 60 bash -c "until grep -q OPS /run/bench.log; do sleep 0.2; done"
kill -STOP $writer
refuses "what is open elsewhere" 6 'open for writing at 10\.99\.0\.' rbdvol reset $pool/web
kill -9 $writer
timeout 60 bash -c "while rbd status $pool/web | grep -q watcher=; do sleep 1; done"
rbdvol snapshot $pool/web@keep >/dev/null
refuses "what has a snapshot" 5 "has 1 snapshot: keep" rbdvol reset $pool/web
rbd snap rm --no-progress $pool/web@keep
rbd group create $pool/group
rbd group image add $pool/group $pool/web
refuses "a member of a group" 9 'member of a group' rbdvol reset $pool/web
rbd group image remove $pool/group $pool/web
rbd group rm $pool/group
is "it is held by nobody" "$(rbdvol show $pool/web --json | jq .held_by)" null
fill $pool/web

# --- reset ---
id=$(rbd info $pool/web --format json | jq -r .id)
like "a clone is reset" "$(rbdvol reset $pool/web)" "^$pool/web: reset, 0 .*in the cluster, [0-9.]+ MiB before$"
is "its content is its parent's" "$(content $pool/web)" "$fresh"
is "name, size, layout, parent and metadata are as before" "$(kept $pool/web)" "$before"
ok "the image is another" test "$(rbd info $pool/web --format json | jq -r .id)" != "$id"
is "it has no object of its own" "$(objects $pool/web)" 0
is "nothing else is in the pool than when it was fresh" "$(world | grep -v rbd_group)" "$clean"
is "it is listed once" "$(rbd ls $pool | sort | xargs)" "golden web"
is "it is held by nobody" "$(rbdvol show $pool/web --json | jq .held_by)" null
is "the parent knows one child" "$(rbd children $pool/golden | xargs)" $pool/web
ok "the parent is as it was" cmp /run/golden <(rbd export --no-progress $pool/golden -)
ok "again is fine" rbdvol reset $pool/web

# --- as a disk ---
mkdir -p /srv/reset
rbdvol create $pool/disk --size 64M
device=$(readlink -f "$(rbdvol attach $pool/disk)")
mkfs.ext4 -q -E nodiscard "$device"
mount "$device" /srv/reset
echo golden >/srv/reset/release
umount /srv/reset
rbdvol detach $pool/disk
for round in 1 2; do
	link=$(rbdvol attach $pool/job --from $pool/disk 2>/dev/null)
	mount "$link" /srv/reset
	is "round $round begins fresh" "$(find /srv/reset -mindepth 1 -printf "%f\n" | sort | xargs)" "lost+found release"
	echo "$round" >/srv/reset/result
	umount /srv/reset
	rbdvol detach $pool/job
	ok "and is dropped" rbdvol reset $pool/job
done

# --- other kinds ---
rbd create $pool/striped --size 16M --stripe-unit 64K --stripe-count 4 --image-feature layering
fill $pool/striped
rbd snap create --no-progress $pool/striped@s
rbd snap protect $pool/striped@s
rbd clone --rbd-default-clone-format 1 --image-feature layering --stripe-unit 64K --stripe-count 4 $pool/striped@s $pool/old
fresh=$(content $pool/old)
before=$(kept $pool/old)
fill $pool/old
ok "a striped clone of format 1, without an object map" rbdvol reset $pool/old
is "its content is its parent's, too" "$(content $pool/old)" "$fresh"
is "and its layout as before" "$(kept $pool/old)" "$before"
rbdvol wipe $pool/web --algorithm trim >/dev/null
refuses "a wiped clone, with its parent" 2 "not a clone any more.*--from $pool/golden@rbdvol-" rbdvol reset $pool/web
rbdvol delete $pool/web
rbdvol create $pool/web --from $pool/golden 2>/dev/null
rbd create $pool/plain --size 16M
rbd snap create --no-progress $pool/plain@s
rbd clone --rbd-default-clone-format 2 $pool/plain@s $pool/orphan
rbd snap rm --no-progress $pool/plain@s
refuses "a clone whose parent's snapshot was removed" 9 'in the trash' rbdvol reset $pool/orphan

# --- asking ---
# shellcheck disable=SC2016
asked() { # ANSWER: at a terminal
	printf '%s\n' "$1" | script -qec "rbdvol reset $pool/web" /dev/null
}
fill $pool/web
changed=$(content $pool/web)
like "at a terminal it asks; 'no' is respected" "$(asked n)" "Drop all that was written to $pool/web\? \[y/N\].*is not reset"
is "nothing has changed then" "$(content $pool/web)" "$changed"
like "and yes is yes" "$(asked y)" "$pool/web: reset"
done_testing
