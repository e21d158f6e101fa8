#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Snapshots of a volume: listed, deleted, rolled back to; and a volume that gets another name. A pool of
# its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=snapshots

cleanup() {
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

content() { # IMAGE, as another client reads it
	rbd export --no-progress "$1" - | sha256sum
}

fill() { # IMAGE: data here and there
	rbd bench --io-type write --io-size 1M --io-total 8M --io-pattern rand "$1" >/dev/null 2>&1
}

of() { # SNAPSHOT KEY
	rbdvol snapshots $pool/vol --json | jq -c ".snapshot_list[] | select(.name == \"$1\").$2"
}

pool_create $pool
daemon_start
rbdvol create $pool/vol --size 32M
head -c 4M /dev/urandom >/run/first
rbd bench --io-type write --io-size 4M --io-total 4M $pool/vol >/dev/null 2>&1

# --- list ---
is "a volume without snapshots lists none" "$(rbdvol snapshots $pool/vol)" ""
rbdvol snapshot $pool/vol@a >/dev/null
first=$(content $pool/vol)
rbdvol resize $pool/vol 64M
fill $pool/vol
second=$(content $pool/vol)
rbdvol snapshot $pool/vol@b >/dev/null
rbdvol create $pool/child --from $pool/vol@b
like "the table has both" "$(rbdvol snapshots $pool/vol)" \
	$'NAME .*CLONES\na +32 MiB +4 MiB .* no +no +0\nb +64 MiB +[1-9].* no +no +1$'
is "size is that of its time" "$(of a size) $(of b size)" "33554432 67108864"
is "clones are counted" "$(of a clones) $(of b clones)" "0 1"
refuses "the snapshots of a snapshot" 2 'not a snapshot' rbdvol snapshots $pool/vol@a
refuses "of what is not there" 3 "no image" rbdvol snapshots $pool/none

# --- delete ---
refuses "one that has a clone, which is named" 5 "@b' has 1 clone: $pool/child.*rbdvol flatten" rbdvol delete $pool/vol@b
rbd snap protect $pool/vol@a
is "protected is told" "$(of a protected)" true
refuses "one that is protected" 5 'is protected.*rbd snap unprotect' rbdvol delete $pool/vol@a
rbd snap unprotect $pool/vol@a
rbdvol snapshot $pool/vol@c >/dev/null
rbdvol attach $pool/vol@c >/dev/null
refuses "one that is attached" 5 'attached to this host as /dev/rbd' rbdvol delete $pool/vol@c
rbdvol detach $pool/vol@c
ok "else it goes" rbdvol delete $pool/vol@c
refuses "once" 3 "no snapshot 'c' of image '$pool/vol'" rbdvol delete $pool/vol@c
is "and no other" "$(rbd snap ls $pool/vol --format json | jq -r .[].name | xargs)" "a b"
refuses "the volume keeps them from being deleted" 5 'has 2 snapshots: a, b.*rbdvol delete' rbdvol delete $pool/vol

# --- roll back ---
fill $pool/vol
refuses "to no snapshot" 2 'names no snapshot' rbdvol rollback $pool/vol
refuses "to one that is not there" 3 "no snapshot 'x'" rbdvol rollback $pool/vol@x
rbdvol attach $pool/vol >/dev/null
refuses "what is attached" 5 'attached to this host as /dev/rbd.*detach' rbdvol rollback $pool/vol@b
rbdvol detach $pool/vol
exec rbd bench --io-type write --io-size 4K --io-total 1G $pool/vol >/run/bench.log 2>&1 &
writer=$!
timeout 60 bash -c "until grep -q OPS /run/bench.log; do sleep 0.2; done"
kill -STOP $writer
refuses "what is open elsewhere" 6 'open for writing at 10\.99\.0\.' rbdvol rollback $pool/vol@b
kill -9 $writer
timeout 60 bash -c "while rbd status $pool/vol | grep -q watcher=; do sleep 1; done"
like "a volume is rolled back" "$(rbdvol rollback $pool/vol@b)" "^$pool/vol: rolled back$"
is "its content is the snapshot's" "$(content $pool/vol)" "$second"
is "to an older one, too" "$(rbdvol rollback $pool/vol@a && content $pool/vol)" "$pool/vol: rolled back"$'\n'"$first"
is "with its size" "$(rbdvol show $pool/vol --json | jq .size)" 33554432
is "the snapshots stay" "$(rbd snap ls $pool/vol --format json | jq -r .[].name | xargs)" "a b"
is "nobody holds it" "$(rbdvol show $pool/vol --json | jq .held_by)" null
rbdvol wipe $pool/vol --algorithm trim --force >/dev/null
ok "what was wiped comes back" rbdvol rollback $pool/vol@a
is "whole" "$(content $pool/vol)" "$first"

# --- clones, which have their parent's content ---
rbdvol snapshot $pool/child@s >/dev/null
fill $pool/child
ok "a clone is rolled back" rbdvol rollback $pool/child@s
is "to what it has of its parent" "$(content $pool/child)" "$second"
rbdvol wipe $pool/child --algorithm trim --force >/dev/null
refuses "not where it no longer reads its parent" 9 'shares less with its parent.*--from' rbdvol rollback $pool/child@s

# --- the object map of a snapshot that was taken before maps were switched off ---
rbd feature disable $pool/vol fast-diff object-map
rbd feature enable $pool/vol object-map fast-diff
rbd object-map rebuild --no-progress $pool/vol
refuses "not by an object map that is invalid" 9 "object map of snapshot.*is invalid.*rbd object-map rebuild $pool/vol@a" \
	rbdvol rollback $pool/vol@a
rbd object-map rebuild --no-progress $pool/vol@a
ok "once it is made anew" rbdvol rollback $pool/vol@a
is "the content is the snapshot's" "$(content $pool/vol)" "$first"

# --- at a terminal ---
fill $pool/vol
changed=$(content $pool/vol)
like "at a terminal it asks; no is no" "$(printf 'n\n' | script -qec "rbdvol rollback $pool/vol@a" /dev/null)" \
	"Drop all that was written since $pool/vol@a\? \[y/N\].*is not rolled back"
is "nothing has changed then" "$(content $pool/vol)" "$changed"

# --- rename ---
rbdvol attach $pool/vol >/dev/null
refuses "what is attached keeps its name" 5 'attached to this host' rbdvol rename $pool/vol new
rbdvol detach $pool/vol
refuses "a name that is taken" 4 "has the name 'child' already" rbdvol rename $pool/vol child
refuses "another pool" 2 'does not move a volume' rbdvol rename $pool/vol rbd/new
refuses "no name" 2 'a NAME is missing' rbdvol rename $pool/vol
id=$(rbd info $pool/vol --format json | jq -r .id)
ok "else it gets it" rbdvol rename $pool/vol new
is "the image is the same" "$(rbd info $pool/new --format json | jq -r .id)" "$id"
is "it is listed once" "$(rbd ls $pool | sort | xargs)" "child new"
refuses "the old name is free" 3 'no image' rbdvol show $pool/vol
ok "with its pool, and back" rbdvol rename $pool/new $pool/vol
is "its content is what it was" "$(content $pool/vol)" "$changed"
is "nobody holds it" "$(rbdvol show $pool/vol --json | jq .held_by)" null
rbd rm --no-progress $pool/child 2>/dev/null
done_testing
