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
	pool_over $pool
	rm -rf "$failpoints"
}
trap cleanup EXIT

id_of() { # IMAGE
	rbd info "$pool/$1" --format json | jq -r .id
}

# An entry of the pool's trash, as 'rbd trash mv' (source 0) or 'rbd rm' (source 3) adds it.
normal=0 moving=1 restoring=3
by_user=0 by_migration=2 by_rm=3
trash_add() { # ID NAME SOURCE STATE
	/usr/bin/python3 - "$pool" "$@" <<-'END'
		import os, rados, struct, sys, time
		pool, image_id, name, source, state = sys.argv[1:]
		times = struct.pack("<IIII", *2 * (int(time.time()), 0))
		spec = struct.pack("<BI", int(source), len(name)) + name.encode() + times + struct.pack("<B", int(state))
		value = struct.pack("<BBI", 2, 1, len(spec)) + spec
		with rados.Rados(conffile=os.environ["CEPH_CONF"]) as cluster, cluster.open_ioctx(pool) as io:
		    with rados.WriteOpCtx() as op:
		        io.set_omap(op, ("id_" + image_id,), (value,))
		        io.operate_write_op(op, "rbd_trash")
	END
}
trash_remove() { # ID
	rados -p $pool rmomapkey rbd_trash "id_$1"
}
id_remove() { # NAME
	rados -p $pool rm "rbd_id.$1"
}
directory_remove() { # NAME ID
	rados -p $pool rmomapkey rbd_directory "name_$1" && rados -p $pool rmomapkey rbd_directory "id_$2"
}
age() { # OBJECT...: last changed two hours ago
	/usr/bin/python3 - "$pool" "$@" <<-'END'
		import os, rados, sys, time
		with rados.Rados(conffile=os.environ["CEPH_CONF"]) as cluster, cluster.open_ioctx(sys.argv[1]) as io:
		    for name in sys.argv[2:]:
		        content = io.read(name)
		        with rados.WriteOpCtx() as op:
		            op.write_full(content)
		            io.operate_write_op(op, name, mtime=int(time.time()) - 7200)
	END
}

objects_of() { # ID
	rados -p $pool ls | grep -E "^rbd_(data|header|object_map)\.$1(\.|$)" | sort
}

# leaves_alone STATE NAME ID: nothing of the image ID goes, whatever rbdvol is asked to do with NAME but
# to delete it.
leaves_alone() {
	local before
	age rbd_directory
	! rados -p $pool stat "rbd_id.$2" >/dev/null 2>&1 || age "rbd_id.$2"
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
}

# image NAME: with data; its id is $id then.
image() {
	rbd import --no-progress "$failpoints/content" $pool/"$1"
	id=$(id_of "$1")
}

has_content() { # NAME
	rbd export --no-progress $pool/"$1" - | cmp - "$failpoints/content"
}

pool_create $pool
head -c 8M /dev/urandom >"$failpoints/content"
rbd import --no-progress "$failpoints/content" $pool/golden
deadly_start

# --- rbd trash mv ---
image moved
trash_add "$id" moved $by_user $moving
leaves_alone "'rbd trash mv' that has noted the image in the trash" moved "$id"
id_remove moved
leaves_alone "'rbd trash mv' that has removed the name object" moved "$id"
refuses "nor can another image be made under its name" 4 "'$pool/moved' is incomplete" "$rbdvol" create $pool/moved --size 16M
directory_remove moved "$id"
leaves_alone "'rbd trash mv' that has removed the directory's entry" moved "$id"
rbd rm --no-progress $pool/moved
rbd trash mv $pool/moved >/dev/null 2>&1
trash_add "$id" moved $by_user $normal
ok "it is restored" rbd trash restore --pool $pool "$id" --image moved2
ok "whole" has_content moved2

done_testing
