#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input and a world in bad order: each time one clear line on stderr, an exit status of its own,
# and nothing changed.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=bad

cleanup() {
	rbdvol list --json 2>/dev/null | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

pool_create $pool
rbd create $pool/golden --size 64M
rbd create $pool/other --size 64M
rbd create $pool/journal --size 64M --image-feature layering,exclusive-lock,journaling
env RBD_FORCE_ALLOW_V1=1 rbd create $pool/ancient --image-format 1 --size 64M 2>/dev/null || bail_out "no image of format 1"

world() { # what the cluster and the kernel have
	local object
	rbd ls -l $pool --format json
	rbd snap ls $pool/golden
	rbd trash ls $pool
	for object in $(rados -p $pool ls | grep '^rbd_header\.' | sort); do
		echo "$object $(rados -p $pool getxattr "$object" rbdvol.hold 2>/dev/null)"
	done
	ls /sys/bus/rbd/devices 2>/dev/null
	find /dev/rbdvol -type l 2>/dev/null
	grep ' ceph ' /proc/keys
}

groupadd -r rbdvol 2>/dev/null
useradd -M -G rbdvol reader

# --- before the daemon ---
refuses "no daemon" 7 'rbdvold does not answer at .*api.sock' rbdvol list
daemon_start
ok "a volume to stumble over" rbdvol create $pool/web1 --from $pool/golden
before=$(world)

# --- what is not there ---
refuses "no such pool" 3 "no pool 'nopool'" rbdvol attach nopool/x --from $pool/golden
refuses "no such namespace" 3 "no namespace 'nons'" rbdvol attach $pool/nons/x --from $pool/golden
refuses "no such image" 3 "no image '$pool/noimage'" rbdvol attach $pool/noimage
refuses "no such parent" 3 "no image '$pool/noparent'" rbdvol attach $pool/x --from $pool/noparent
refuses "no such snapshot of a parent" 3 "no snapshot 'nosnap'" rbdvol attach $pool/x --from $pool/golden@nosnap
refuses "no such snapshot to attach" 3 "no snapshot 'nosnap'" rbdvol attach $pool/golden@nosnap
refuses "no such volume to delete" 3 "no image '$pool/gone'" rbdvol delete $pool/gone
refuses "no such volume to detach" 3 "no image '$pool/gone'" rbdvol detach $pool/gone
refuses "no such device to detach" 3 '/dev/rbd77' rbdvol detach /dev/rbd77
refuses "no rbd device to detach" 2 'null' rbdvol detach /dev/null
refuses "no such volume to show" 3 "no image '$pool/gone'" rbdvol show $pool/gone

# --- names ---
refuses "a name with a blank" 2 'blank' rbdvol attach "$pool/a b" --from $pool/golden
refuses "a name with a newline" 2 'control character' rbdvol attach "$pool/a"$'\n'"b" --from $pool/golden
refuses "a name with too many '/'" 2 "more than two '/'" rbdvol attach "$pool/a/b/c" --from $pool/golden
refuses "a name with two '@'" 2 "'@'" rbdvol attach "$pool/a@b@c" --from $pool/golden
refuses "an empty name" 2 'empty' rbdvol attach "" --from $pool/golden
refuses "a name of invalid UTF-8" 2 'UTF-8' rbdvol attach "$pool/"$'\xff\xfe' --from $pool/golden
refuses "a name too long for a link" 2 'too long' rbdvol attach "$pool/$(printf 'x%.0s' {1..300})" --from $pool/golden
refuses "a path for a name" 2 "'\.\.'|more than two" rbdvol attach "$pool/.." --from $pool/golden
refuses "a namespace with a comma" 2 'comma' rbdvol attach "$pool/n,s/x" --from $pool/golden
is "nothing has changed" "$(world)" "$before"
for name in a,b ümläut x=y x-part1 "$(printf 'n%.0s' {1..200})"; do
	is "an odd name that works: ${name:0:20}" \
		"$(readlink -f "$(rbdvol attach "$pool/$name" --from $pool/golden 2>/dev/null)")" \
		"$(readlink -f "$(rbdvol show "$pool/$name" --json | jq -r .link)")"
	ok "and leaves: ${name:0:20}" rbdvol detach "$pool/$name"
	ok "and goes: ${name:0:20}" rbdvol delete "$pool/$name"
done

# --- parents, sizes, options ---
refuses "a parent of format 1" 9 'operation not supported.*format 1' rbdvol attach $pool/x --from $pool/ancient
refuses "a volume that has another parent" 4 'exists already, as a clone of .*golden' \
	rbdvol attach $pool/web1 --from $pool/other
refuses "a volume that has no parent" 4 'exists already, without a parent' \
	rbdvol attach $pool/other --from $pool/golden
refuses "a clone smaller than its parent" 2 'smaller' rbdvol create $pool/x --from $pool/golden --size 1M
refuses "a size that is none" 2 "size 'much'" rbdvol create $pool/x --size much
refuses "neither a size nor a parent" 2 'from.*size' rbdvol create $pool/x
refuses "an unknown map option" 2 'nonsense' rbdvol attach $pool/x --from $pool/golden -o nonsense
refuses "a malformed map option" 2 'queue_depth' rbdvol attach $pool/x --from $pool/golden -o queue_depth=many
refuses "a map option out of range" 2 'alloc_size' rbdvol attach $pool/x --from $pool/golden -o alloc_size=3
refuses "an option that is rbdvol's own" 2 'secret' rbdvol attach $pool/x --from $pool/golden -o secret=x
refuses "words smuggled through an option" 2 'crush_location|blank' \
	rbdvol attach $pool/x --from $pool/golden -o "crush_location=a:b rbd golden"
refuses "an unknown option of the command" 2 'help' rbdvol attach $pool/x --frm $pool/golden
refuses "an unknown command" 2 'attach' rbdvol atach $pool/x
is "nothing has changed either" "$(world)" "$before"

# --- a feature that krbd lacks ---
refuses "an image with a feature that this kernel lacks" 9 \
	'journaling.*rbd feature disable .*journal journaling' rbdvol attach $pool/journal
ok "a clone of it is made without the feature" rbdvol create $pool/fromjournal --from $pool/journal
is "indeed" "$(rbdvol show $pool/fromjournal --json | jq '.features | index("journaling")')" null
ok "and goes" rbdvol delete $pool/fromjournal

# --- users ---
as_reader=(setpriv --reuid reader --regid nogroup --init-groups)
ok "a member of the group may look" "${as_reader[@]}" rbdvol list
refuses "but change nothing" 8 'not permitted|may not|root' "${as_reader[@]}" rbdvol attach $pool/web1
refuses "who is in no group may not look either" 8 'root' \
	setpriv --reuid 65534 --regid 65534 --clear-groups rbdvol list
refuses "not root" 8 'be root' \
	setpriv --reuid 65534 --regid 65534 --clear-groups rbdvol attach $pool/web1
refuses "a user without a key" 8 'nobody' rbdvol attach $pool/web1 --id nobody

# --- users and clusters that a request names: no other files than Ceph's own are read for them ---
refuses "a cluster's name that is a path" 2 "not a cluster name" rbdvol list --cluster ../../home/eve/x
refuses "a user's name that is one" 2 "not a user name" rbdvol list --id ../../home/eve/x
# shellcheck disable=SC2016 # Ceph's
refuses "a user's name with a variable of Ceph's" 2 "not a user name" rbdvol list --id '$host'
cp /etc/ceph/ceph.client.admin.keyring /etc/ceph/keyring
failures=0
for i in {1..20}; do
	ln -s ceph.conf "/etc/ceph/c$i.conf"
	rbdvol show $pool/web1 --cluster "c$i" >/dev/null || failures=$((failures + 1))
done
rm /etc/ceph/c[0-9]*.conf /etc/ceph/keyring
is "20 clusters are served" "$failures" 0
connections() { # to the monitor
	ss -Htn state established '( dport = :3300 )' | wc -l
}
are_kept() {
	[[ $(connections) == "$1" ]]
}
ok "the connections to 16 of them are kept" wait_for 20 are_kept 16
daemon_stop

# --- no monitor, a wrong key, no module ---
sed 's/10\.99\.0\.1/10.99.0.77/g' /etc/ceph/ceph.conf >/run/dead.conf
printf '[rbdvol]\ncluster-timeout = 3\n' >/run/dead.rbdvol.conf
CEPH_CONF=/run/dead.conf daemon_start --config /run/dead.rbdvol.conf
refuses "no monitor answers" 7 'no monitor of cluster .*10\.99\.0\.77' rbdvol attach $pool/web1
daemon_stop
mv /etc/ceph/ceph.client.admin.keyring /run/keyring
printf '[client.admin]\n\tkey = AQBSdFhcAAAAABAAZGVtb2RlbW9kZW1vZGVtbw==\n' >/etc/ceph/ceph.client.admin.keyring
daemon_start
refuses "a wrong key" 8 'client.admin|admin' rbdvol attach $pool/web1
daemon_stop
mv /run/keyring /etc/ceph/ceph.client.admin.keyring
rmmod rbd libceph
mkdir -p /run/nomodules
modules=$(readlink -f "/lib/modules/$(uname -r)")
mount --bind /run/nomodules "$modules"
daemon_start
refuses "no rbd module" 9 'rbd' rbdvol attach $pool/new --from $pool/golden
umount "$modules"
is "and nothing has changed" "$(world)" "$before"
ok "with the module there it goes on" rbdvol attach $pool/web1
ok "and ends" rbdvol detach $pool/web1
done_testing
