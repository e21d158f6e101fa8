#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Volumes erased: what is refused, and that afterwards another client reads nothing but zeros, with
# the space back in the cluster (trim) or all of it taken (zero). A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=wipe

cleanup() {
	kill -9 "${writer-}" 2>/dev/null
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

objects() { # IMAGE: how many data objects it has, as the pool lists them
	local id
	id=$(rbd info "$1" --format json | jq -r .id)
	rados -p $pool ls | grep -c "^rbd_data\.$id\."
}

size() {
	rbd info "$1" --format json | jq .size
}

zeros() { # IMAGE: every byte of it, read by another client
	rbd export --no-progress "$1" - | cmp - <(head -c "$(size "$1")" /dev/zero)
}

content() {
	rbd export --no-progress "$1" - | sha256sum
}

fill() { # IMAGE: data here and there
	rbd bench --io-type write --io-size 1M --io-total 12M --io-pattern rand "$1" >/dev/null 2>&1
}

pool_create $pool
rbd create $pool/golden --size 30M
head -c 30M /dev/urandom >/run/golden
rbd import --no-progress /run/golden $pool/random
daemon_start
rbdvol create $pool/clone --from $pool/random 2>/dev/null
fill $pool/clone
before=$(content $pool/clone)

# --- refusals ---
refuses "no algorithm" 2 '--algorithm' rbdvol wipe $pool/clone
refuses "an unknown algorithm" 2 "no algorithm 'shred'.*trim and zero" rbdvol wipe $pool/clone --algorithm shred
refuses "one of libvirt's others, told as such" 2 "'gutmann'.*overwrite in place.*trim or zero" \
	rbdvol wipe $pool/clone --algorithm gutmann
refuses "a snapshot" 2 "a snapshot cannot be wiped" rbdvol wipe $pool/random@x --algorithm trim
refuses "no such volume" 3 "no image '$pool/none'" rbdvol wipe $pool/none --algorithm trim
rbdvol attach $pool/clone >/dev/null 2>&1
refuses "what is attached here" 5 'attached to this host as /dev/rbd.*detach' rbdvol wipe $pool/clone --algorithm trim
rbdvol detach $pool/clone
exec rbd bench --io-type write --io-size 4K --io-total 1G $pool/golden >/run/bench.log 2>&1 &
writer=$!
timeout 20 bash -c "until grep -q OPS /run/bench.log; do sleep 0.2; done"
kill -STOP $writer
refuses "what is open elsewhere" 6 'open for writing at 10\.99\.0\.' rbdvol wipe $pool/golden --algorithm trim --force
kill -9 $writer
refuses "a volume with a snapshot that a clone uses" 5 'would keep the data.*snapshot' \
	rbdvol wipe $pool/random --algorithm trim
rbd snap create --no-progress $pool/golden@kept
rbd snap protect $pool/golden@kept
refuses "a volume with a protected snapshot" 5 'would keep the data.*1 snapshot: kept' \
	rbdvol wipe $pool/golden --algorithm trim
rbd snap unprotect $pool/golden@kept
rbd snap rm --no-progress $pool/golden@kept
is "no refused volume has changed" "$(content $pool/clone)" "$before"
is "nor is one held" "$(rbdvol show $pool/clone --json | jq .held_by)" null

# --- trim ---
ok "a clone is wiped by trim" rbdvol wipe $pool/clone --algorithm trim
is "its size is as before" "$(size $pool/clone)" $((30 << 20))
ok "every byte is zero, the parent's part too" zeros $pool/clone
is "no object is left" "$(objects $pool/clone)" 0
is "nor a note of the wipe" "$(rbd image-meta ls $pool/clone 2>/dev/null | grep -c 'rbdvol.wipe')" 0
is "it is held by nobody" "$(rbdvol show $pool/clone --json | jq .held_by)" null
ok "the parent is as it was" cmp /run/golden <(rbd export --no-progress $pool/random -)
fill $pool/clone
like "what it took is told" "$(rbdvol wipe $pool/clone --algorithm trim)" \
	"^$pool/clone: wiped, 0 B? ?.*in the cluster, [0-9.]+ MiB before"
is "in JSON too" "$(fill $pool/clone; rbdvol wipe $pool/clone --algorithm trim --json |
	jq -c '[.usage_before.objects > 0, .usage.objects, .size]')" "[true,0,$((30 << 20))]"
ok "again is fine" rbdvol wipe $pool/clone --algorithm trim
ok "and it is attached as ever" rbdvol attach $pool/clone
rbdvol detach $pool/clone

ok "also where there is nothing" rbdvol wipe $pool/golden --algorithm trim

# Without an object map their names tell which objects are whose.
rbd create $pool/plain --size 30M --image-feature layering
rbd create $pool/beside --size 30M --image-feature layering
fill $pool/plain
fill $pool/beside
beside=$(content $pool/beside)
ok "an image without an object map" rbdvol wipe $pool/plain --algorithm trim
is "no object is left of it" "$(objects $pool/plain)" 0
ok "it is zero, too" zeros $pool/plain
is "the one beside it is as it was" "$(content $pool/beside)" "$beside"
rbd create $pool/striped --size 30M --stripe-unit 64K --stripe-count 4
fill $pool/striped
ok "a striped one" rbdvol wipe $pool/striped --algorithm trim
is "no object is left of that" "$(objects $pool/striped)" 0
rbd object-map check --no-progress $pool/striped >/dev/null
is "its object map is right" "$(rbd info $pool/striped --format json | jq -c .flags)" "[]"
fill $pool/striped
is "and goes on to be" "$(rbdvol show $pool/striped --json | jq .usage.objects)" "$(objects $pool/striped)"

# --- interrupted, and completed ---
fill $pool/plain
rbd image-meta set $pool/plain rbdvol.wipe $((30 << 20)) >/dev/null
rbd resize --no-progress --allow-shrink --size 0 $pool/plain 2>/dev/null
ok "a trim that was interrupted is completed" rbdvol wipe $pool/plain --algorithm trim
is "the size is back" "$(size $pool/plain)" $((30 << 20))
rbd image-meta set $pool/plain rbdvol.wipe $((30 << 20)) >/dev/null
rbd resize --no-progress --allow-shrink --size 0 $pool/plain 2>/dev/null
ok "by zero as well" rbdvol wipe $pool/plain --algorithm zero
is "with the size back, too" "$(size $pool/plain)" $((30 << 20))
ok "and all zeros" zeros $pool/plain

# --- zero ---
rbdvol create $pool/clone2 --from $pool/random 2>/dev/null
ok "a clone is wiped by zero" rbdvol wipe $pool/clone2 --algorithm zero
ok "every byte of it is zero" zeros $pool/clone2
is "every object is there" "$(objects $pool/clone2)" 8
is "and the space is taken" "$(rbd du $pool/clone2 --format json 2>/dev/null | jq '.images[0].used_size')" $((30 << 20))

# --- told to, though snapshots keep the data ---
ok "a volume with snapshots, told to" rbdvol wipe $pool/random --algorithm trim --force
ok "it is zero" zeros $pool/random
snap=$(rbd snap ls $pool/random --format json | jq -r '.[0].name')
ok "its snapshot has what it had" cmp /run/golden <(rbd export --no-progress "$pool/random@$snap" -)

# --- sparsify ---
rbd create $pool/sparse --size 30M
rbdvol wipe $pool/sparse --algorithm zero >/dev/null
sparse=$(content $pool/sparse)
like "blocks of zeros go back" "$(rbdvol sparsify $pool/sparse)" \
	"^$pool/sparse: sparsified, 0 B in the cluster, 30 MiB before$"
is "no object is left then" "$(objects $pool/sparse)" 0
is "and what is read is the same" "$(content $pool/sparse)" "$sparse"
refuses "a snapshot is not sparsified" 2 'not a snapshot' rbdvol sparsify $pool/sparse@x

# --- asking ---
# shellcheck disable=SC2016
asked() { # ANSWER: at a terminal
	printf '%s\n' "$1" | script -qec "rbdvol wipe $pool/plain --algorithm trim" /dev/null
}
like "at a terminal it asks; 'no' is respected" "$(asked n)" "Erase all data of $pool/plain\? \[y/N\].*is not wiped"
is "nothing has changed then" "$(objects $pool/plain)" 8
like "and yes is yes" "$(asked y)" "$pool/plain: wiped"
is "so it is empty" "$(objects $pool/plain)" 0
done_testing
