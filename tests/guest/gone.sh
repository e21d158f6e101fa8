#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a host has attached loses its pool, or its user: it is told, and the devices end all the same.
# A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a

pool=gone

cleanup() {
	ceph auth import -i "$keyring" 2>/dev/null
	leave a
	on a rm -f /etc/rbdvol/rbdvol.conf
	ceph auth rm client.passing 2>/dev/null
	pool_over "$pool"
	rm -f "$keyring"
}
trap cleanup EXIT

keyring=$RBDVOL_LAB/share/passing.keyring
ceph auth get-or-create client.passing mon 'profile rbd' osd 'profile rbd' >/dev/null
ceph auth get client.passing >"$keyring" 2>/dev/null
pool_create "$pool"
for image in one two three; do
	rbd create "$pool/$image" --size 16M
done
on a --sh 'mkdir -p /etc/rbdvol; printf "[rbdvol]\ncluster-timeout = 10\nuser = passing\nkeyring = /mnt/share/passing.keyring\n" >/etc/rbdvol/rbdvol.conf'
serve a
ok "a volume is attached by a user of its own" on a rbdvol attach "$pool/one"
ok "and another" on a rbdvol attach "$pool/two"

# --- less is allowed than is needed ---
ceph auth caps client.passing mon 'profile rbd' osd 'profile rbd-read-only' 2>/dev/null
serve_no_more a
serve a
refuses "a user who may only read is told what is lacking" 8 \
	"client.passing needs the capabilities .*osd 'profile rbd'" on a rbdvol create "$pool/four" --size 16M
refuses "and cannot attach for writing" 8 "client.passing needs the capabilities" on a rbdvol attach "$pool/three"
ok "but for reading" on a rbdvol attach "$pool/three" --read-only
ok "and detach it" on a rbdvol detach "$pool/three"
ceph auth caps client.passing mon 'profile rbd' osd 'profile rbd' 2>/dev/null

# --- the key is gone ---
ceph auth rm client.passing 2>/dev/null
serve_no_more a
serve a
is "list tells what is attached" "$(on a rbdvol list --json | jq '.volumes | length')" 2
shown=$(on a rbdvol show "$pool/one" 2>&1)
like "show, too" "$shown" 'device: +/dev/rbd0'
like "and that the key is refused" "$shown" 'refuses client.passing'
refuses "nothing can be attached" 8 'refuses client.passing' on a rbdvol attach "$pool/three"
refuses "a device ends, and that its hold stays is told" 8 \
	"the device is gone, but this host's hold may remain: .*refuses client.passing" on a rbdvol detach "$pool/one"
is "it has ended" "$(on a ls /sys/bus/rbd/devices)" 1
ceph auth import -i "$keyring" 2>/dev/null
ok "with the key back, detach lets the hold go" on a rbdvol detach "$pool/one"
is "nobody holds it" "$(on a rbdvol show "$pool/one" --json | jq .held_by)" null

# --- the pool is gone ---
pool_delete "$pool"
refuses "a volume of a deleted pool" 3 "no pool '$pool'" on a rbdvol show "$pool/one"
shown=$(on a rbdvol show "$pool/two" 2>&1)
like "the one that is attached is still shown" "$shown" 'device: +/dev/rbd1'
like "with a note" "$shown" "no pool '$pool'"
ok "and it detaches" on a rbdvol detach "$pool/two"
is "nothing is mapped" "$(on a ls /sys/bus/rbd/devices)" ""
pool_create "$pool"
ok "in a pool of that name all goes on" on a --sh "rbdvol create $pool/one --size 16M && rbdvol attach $pool/one && rbdvol detach $pool/one"
done_testing
