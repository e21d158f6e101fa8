#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing is removed but what somebody asked to remove, or what is proved to be a leftover of rbdvol:
# 'rbd' interrupted after each object that it changes leaves states that look alike. The states are
# made by hand, object by object, in the order in which librbd 16 changes them. docs/removals.md
# lists them.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_cluster "$@"
# shellcheck source=../lab/failpoints.sh
. "$top_srcdir/tests/lab/failpoints.sh"

pool=removals
rbdvol=$top_builddir/rbdvol
export RBDVOL_SOCKET=$failpoints/api.sock

cleanup() {
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	ceph config rm osd osd_client_watch_timeout
	ceph config rm mon paxos_propose_interval
	ceph config rm mon paxos_min_wait
	exec {to_python}>&-
	pool_over "$pool"
	rm -rf "$failpoints"
}
trap cleanup EXIT
pool_create $pool
# A snapshot, and a pool, take the monitors a moment.
ceph config set mon paxos_propose_interval 0.01
ceph config set mon paxos_min_wait 0.01

# Beside the cluster for the whole test, since each start of a program takes longer than what it would do.
# It reads a line of words, and answers with lines, the last of which is "." and the exit status.
coproc python {
	exec /usr/bin/python3 -c "$(cat <<'END'
import json, os, rados, struct, sys, time

def text(s): return struct.pack("<I", len(s)) + s.encode()

class Objects:
    def id(self, name): print(io.read("rbd_id." + name)[4:].decode())
    def is_named(self, name): io.stat("rbd_id." + name)
    def has_header(self, image_id): io.stat("rbd_header." + image_id)
    def remove(self, name): io.remove_object(name)
    def of(self, image_id):
        for kind in "data", "header", "object_map":
            for name in sorted(o.key for o in io.list_objects()):
                if (name + ".").startswith("rbd_%s.%s." % (kind, image_id)): print(name)
    def unset(self, name, *keys):
        with rados.WriteOpCtx() as op:
            io.remove_omap_keys(op, keys)
            io.operate_write_op(op, name)
    def set(self, name, keys, values):
        with rados.WriteOpCtx() as op:
            io.set_omap(op, keys, values)
            io.operate_write_op(op, name)
    def id_add(self, name, image_id): io.write_full("rbd_id." + name, text(image_id))
    def directory_add(self, name, image_id):
        self.set("rbd_directory", ("name_" + name, "id_" + image_id), (text(image_id), text(name)))
    def trash_add(self, image_id, name, source, state):
        times = struct.pack("<IIII", *2 * (int(time.time()), 0))
        spec = struct.pack("<B", int(source)) + text(name) + times + struct.pack("<B", int(state))
        self.set("rbd_trash", ("id_" + image_id,), (struct.pack("<BBI", 2, 1, len(spec)) + spec,))
    def age(self, *names):
        for name in names:
            content = io.read(name)
            with rados.WriteOpCtx() as op:
                op.write_full(content)
                io.remove_omap_keys(op, ("none",)) # a change, be the content empty
                io.operate_write_op(op, name, mtime=int(time.time()) - 7200)
    def pool_anew(self, name):
        if cluster.pool_exists(name): cluster.delete_pool(name)
        cluster.create_pool(name)
        command = {"prefix": "osd pool application enable", "pool": name, "app": "rbd"}
        status, _, said = cluster.mon_command(json.dumps(command), b"")
        if status: raise rados.Error(said)

with rados.Rados(conffile=os.environ["CEPH_CONF"]) as cluster, cluster.open_ioctx(sys.argv[1]) as io:
    for line in sys.stdin:
        words, status = line.split(), 0
        try: getattr(Objects(), words[0])(*words[1:])
        except rados.ObjectNotFound: status = 1
        except Exception as e:
            print(e, file=sys.stderr)
            status = 2
        print(".", status, flush=True)
END
)" $pool
}
# Copies, which the subshells have, too.
exec {to_python}>&"${python[1]}" {from_python}<&"${python[0]}"

objects() { # WORD...: a method of Objects
	local line
	echo "$*" >&"$to_python"
	while read -r line <&"$from_python"; do
		[[ $line != ". "* ]] || return "${line#. }"
		echo "$line"
	done
	bail_out "no answer to '$*'"
}
id_of() { # IMAGE
	objects id "$1"
}

# An entry of the pool's trash, as 'rbd trash mv' (source 0) or 'rbd rm' (source 3) adds it.
normal=0 moving=1 restoring=3
by_user=0 by_migration=2 by_rm=3
trash_add() { # ID NAME SOURCE STATE
	objects trash_add "$@"
}
trash_remove() { # ID
	objects unset rbd_trash "id_$1"
}
id_add() { # NAME ID
	objects id_add "$@"
}
id_remove() { # NAME
	objects remove "rbd_id.$1"
}
directory_add() { # NAME ID
	objects directory_add "$@"
}
directory_remove() { # NAME ID
	objects unset rbd_directory "name_$1" "id_$2"
}
is_named() { # NAME
	objects is_named "$1"
}
objects_of() { # ID
	objects of "$1"
}

# leaves_alone STATE NAME ID: nothing of the image ID goes, whatever rbdvol is asked to do with NAME but
# to delete it.
leaves_alone() {
	local before named=''
	! is_named "$2" || named=rbd_id.$2
	objects age rbd_directory "$named" # two hours ago somebody began it
	before=$(objects_of "$3")
	{
		"$rbdvol" create $pool/"$2" --from $pool/golden
		"$rbdvol" create $pool/"$2" --size 16M
		"$rbdvol" doctor --pool $pool
		"$rbdvol" list --all --pool $pool
		"$rbdvol" prune --pool $pool
		"$rbdvol" prune --pool $pool --all-hosts
	} >"$failpoints/said" 2>&1
	[[ -n $before && $(objects_of "$3") == "$before" ]]
	tap_result $? "$1: nothing of the image goes" "$(cat "$failpoints/said")"
	# Where the name was free, another image may have been made.
	[[ -n $named ]] || ! is_named "$2" || rbd rm --no-progress $pool/"$2" 2>/dev/null
}

# image NAME: with data; its id is $id then.
image() {
	rbd import --no-progress "$failpoints/content" $pool/"$1"
	id=$(id_of "$1")
}

has_content() { # NAME
	rbd export --no-progress "$pool/$1" - | cmp - "$failpoints/content"
}

# How long the watch of a killed client stands in the way.
ceph config set osd osd_client_watch_timeout 10
head -c 8M /dev/urandom >"$failpoints/content"
rbd import --no-progress "$failpoints/content" $pool/golden
deadly_start

# stays DESCRIPTION NAME [STATUS REGEX]: 'delete' is refused.
stays() {
	local before
	before=$(objects_of "$id")
	refuses "$1: delete refuses" "${3-5}" "${4-on its way|moved to the trash or back}" "$rbdvol" delete $pool/"$2"
	is "and nothing of the image goes" "$(objects_of "$id")" "$before"
}
findings() { # LEVEL
	"$rbdvol" doctor --pool $pool 2>/dev/null | grep "^$1"
}
is_dead() {
	! readlink -e "/proc/$daemon_pid/exe"
}
die_at() { # POINT COMMAND...
	echo "$1" >"$failpoints/armed"
	"${@:2}" >/dev/null 2>&1
	wait_for 20 is_dead || bail_out "'${*:2}' passed no $1"
	wait "$daemon_pid" 2>/dev/null
	deadly_start
}

# --- rbd trash mv ---
image moved
trash_add "$id" moved $by_user $moving
leaves_alone "'rbd trash mv' that has noted the image in the trash" moved "$id"
stays "the same" moved
id_remove moved
leaves_alone "'rbd trash mv' that has removed the name object" moved "$id"
stays "the same" moved
refuses "nor can another image be made under its name" 4 "'$pool/moved' is incomplete" "$rbdvol" create $pool/moved --size 16M
directory_remove moved "$id"
refuses "'rbd trash mv' that has removed the directory's entry: delete refuses" 3 "no image" "$rbdvol" delete $pool/moved
leaves_alone "the same" moved "$id"
trash_add "$id" moved $by_user $normal

# --- rbd trash restore ---
trash_add "$id" moved $by_user $restoring
leaves_alone "'rbd trash restore' that has noted it" moved "$id"
id_add moved "$id"
leaves_alone "'rbd trash restore' that has made the name object" moved "$id"
stays "the same" moved
directory_add moved "$id"
leaves_alone "'rbd trash restore' that has listed the image" moved "$id"
stays "the same" moved
trash_remove "$id"
ok "the image is whole" has_content moved

# --- rbd rm that gives up: it puts the image back ---
trash_add "$id" moved $by_rm $moving
leaves_alone "'rbd rm' that has noted the image" moved "$id"
rbd rename $pool/moved $pool/renamed
leaves_alone "the same, of an image that has another name already" renamed "$id"
leaves_alone "seen from its old name" moved "$id"
rbd rename $pool/renamed $pool/moved
id_remove moved
directory_remove moved "$id"
trash_add "$id" moved $by_rm $restoring
leaves_alone "'rbd rm' that begins to put it back" moved "$id"
id_add moved "$id"
leaves_alone "'rbd rm' that has put the name object back" moved "$id"
directory_add moved "$id"
trash_remove "$id"
ok "the image is whole" has_content moved

# --- rbd rename ---
id_add other "$id"
leaves_alone "'rbd rename' that has made the new name object, by the old name" moved "$id"
leaves_alone "by the new name" other "$id"
stays "'rbd rename' that has made the new name object" other 5 "listed as 'moved'"
directory_remove moved "$id"
directory_add other "$id"
leaves_alone "'rbd rename' that has listed it, by the old name" moved "$id"
stays "the same" moved 5 "listed as 'other'"
id_remove moved
ok "the image is whole" has_content other

# --- rbd migration ---
rbd create --size 16M $pool/goal && rbd rm --no-progress $pool/goal
rbd migration prepare $pool/other $pool/goal
goal=$(id_of goal)
leaves_alone "'rbd migration', its source" other "$id"
leaves_alone "its destination" goal "$goal"
id=$goal stays "the same" goal 5 "being migrated"
rbd migration abort --no-progress $pool/goal
trash_add "$id" other $by_migration $moving
id_remove other
leaves_alone "'rbd migration' that has removed the name object" other "$id"
stays "the same" other
id_add other "$id"
trash_remove "$id"
ok "the image is whole" has_content other

# --- rbd create, import, clone, cp: an image, from when it has a header ---
rbd create --size 16M $pool/young
id=$(id_of young)
objects remove "rbd_header.$id"
id_remove young
"$rbdvol" prune --pool $pool >/dev/null
like "'rbd create' that has listed the image: it stays listed" "$(rbd ls $pool)" young
id_add young "$id"
"$rbdvol" prune --pool $pool >/dev/null
like "'rbd create' that has made the name object: the same" "$(rbd ls $pool)" young
ok "who asks to delete that, deletes it" "$rbdvol" delete $pool/young
header_of() { # NAME: of an image that is being made
	local made
	made=$(id_of "$1") && objects has_header "$made"
}
interrupted() { # NAME COMMAND...
	(exec "${@:2}") >/dev/null 2>&1 &
	until header_of "$1" || ! kill -0 $! 2>/dev/null; do :; done
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	id=$(id_of "$1")
	leaves_alone "'${*:2:2}' interrupted" "$1" "$id"
}
rbd snap create --no-progress $pool/golden@theirs
interrupted import rbd import --no-progress "$failpoints/content" $pool/import
interrupted clone rbd clone --rbd-default-clone-format 2 $pool/golden@theirs $pool/clone
interrupted cp rbd cp --no-progress $pool/golden $pool/cp
interrupted deep rbd deep cp --no-progress $pool/golden $pool/deep

# --- an image that lost its header ---
image broken
objects remove "rbd_header.$id"
leaves_alone "an image that has lost its header" broken "$id"
like "the doctor tells of it" "$(findings warning)" "leftover with data: $pool/broken is named or incomplete"

# --- hidden names ---
rbd import --no-progress "$failpoints/content" $pool/.rbdvol-mine.disk
rbd import --no-progress "$failpoints/content" $pool/.rbdvol-mine.0123456789abcdef
rbd import --no-progress "$failpoints/content" $pool/.rbdvol-mine.0123456789abcdef-old
for name in mine.disk mine.0123456789abcdef mine.0123456789abcdef-old; do
	leaves_alone "somebody's image called .rbdvol-$name" .rbdvol-"$name" "$(id_of .rbdvol-"$name")"
	rbd rm --no-progress $pool/.rbdvol-"$name"
done
die_at clone.noted "$rbdvol" create $pool/web --from $pool/golden
hidden=$(rbd ls $pool | grep '^\.rbdvol-web')
rbd bench --io-type write --io-size 4K --io-total 4K $pool/"$hidden" >/dev/null 2>&1
id=$(id_of "$hidden")
leaves_alone "an unfinished clone that somebody has written to" web "$id"
refuses "which is in the way, and said" 4 "'$hidden' is in the way.*rbd rename" "$rbdvol" create $pool/web --from $pool/golden
rbd rename $pool/"$hidden" $pool/kept
"$rbdvol" create $pool/web --from $pool/golden 2>/dev/null
rbd bench --io-type write --io-size 4K --io-total 4K $pool/web >/dev/null 2>&1
id=$(id_of web)
die_at replace.named "$rbdvol" reset $pool/web
"$rbdvol" prune --pool $pool >/dev/null # completes the new name
hidden=$(rbd ls $pool | grep '^\.rbdvol-web')
rbd image-meta remove $pool/"$hidden" rbdvol.replaced
leaves_alone "the content from before a reset, where nothing says that it is that" web "$id"
rbd image-meta set $pool/"$hidden" rbdvol.replaced "$id"
"$rbdvol" prune --pool $pool >/dev/null
is "and where it says so, it goes" "$(objects_of "$id")" ""

# --- what fails leaves a clone that can be reset ---
for verb in "flatten flatten.noted" "delete remove.noted"; do
	die_at "${verb#* }" "$rbdvol" "${verb% *}" $pool/web
	ok "a ${verb% *} that is interrupted before its point of no return: reset works" \
		wait_for 60 "$rbdvol" reset $pool/web # when the watch of the killed one has ended
done
ok "and so does another delete" "$rbdvol" delete $pool/web

# --- a pool that is another ---
other=again
objects pool_anew $other
wrong=''
for size in 16 24 32 40 48 56; do
	"$rbdvol" show $other/web >/dev/null 2>&1
	objects pool_anew $other
	rbd create --size ${size}M $other/web
	case $((size / 8 % 3)) in
	0) said=$("$rbdvol" show $other/web --json | jq .size) ;;
	1) said=$("$rbdvol" list --all --pool $other --json | jq '.volumes[].size') ;;
	2) said=$("$rbdvol" delete $other/web >/dev/null && rbd ls $other | wc -l && rbd create --size ${size}M $other/web && echo $((size << 20))) ;;
	esac 2>&1
	[[ ${said##*$'\n'} == $((size << 20)) ]] || wrong+="$size: $said "
done
is "a pool that was deleted and created anew is the new one" "$wrong" ""
pool_over $other

# --- operations in progress outlive a reload ---
"$rbdvol" create $pool/slow --from $pool/golden 2>/dev/null
hidden=${hidden/web/slow}
hidden=${hidden%-old}
rbd create --size 16M $pool/"$hidden"
is "a hidden clone is left over" "$("$rbdvol" prune --dry-run --pool $pool | grep -c "unfinished clone: $pool/$hidden")" 1
mkfifo "$failpoints/stop"
rbd watch $pool/slow <"$failpoints/stop" >/dev/null 2>&1 & # 'delete' waits some seconds for it to end
watcher=$!
exec {stop}>"$failpoints/stop"
watched() { [[ $(rbd status "$pool/slow" --format json | jq '.watchers | length') != 0 ]]; }
wait_for 60 watched
in_time=no
for _ in {1..10}; do
	reloads=$(grep -c 'read anew' "$failpoints/log")
	"$rbdvol" delete $pool/slow >/dev/null 2>&1 &
	deleter=$!
	wait_for 20 eval "'$rbdvol' jobs | grep -q slow"
	kill -HUP "$daemon_pid"
	while [[ $(grep -c 'read anew' "$failpoints/log") == "$reloads" ]] && kill -0 $deleter 2>/dev/null; do sleep 0.05; done
	said=$("$rbdvol" prune --dry-run --pool $pool)
	kill -0 $deleter 2>/dev/null && in_time=yes
	wait $deleter
	[[ $in_time == no ]] || break
done
is "but not while an operation is at the volume that was begun before a reload" \
	"$in_time $(grep -c "$hidden" <<<"$said")" "yes 0"
exec {stop}>&-
wait $watcher
done_testing
