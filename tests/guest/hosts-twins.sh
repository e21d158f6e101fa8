#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whose a hold is: hosts that were copied with their machine id, hosts that have another name or another
# machine id after a power cut (docs/holds.md). A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a b
rados() { "$tap_tools/cluster" exec rados "$@"; }

pool=twins
socket=/run/docker/plugins/rbdvol.sock

cleanup() {
	local guest
	for guest in a b; do
		on "$guest" umount -a -t ext4
		leave "$guest"
		on "$guest" hostname "guest-$guest"
	done
	pool_over "$pool"
}
trap cleanup EXIT

call() { # GUEST METHOD JSON
	on "$1" curl -s -m 100 --unix-socket $socket -d "$3" "http://d/VolumeDriver.$2"
}
header() { echo "rbd_header.$(rbd info $pool/vol --format json | jq -r .id)"; }
hold() { rados -p $pool getxattr "$(header)" rbdvol.hold; }
holder() { hold 2>/dev/null | jq -r '.[0].host_name'; }
# The hold of host a as it looks after JQ, with no device there any more: a power cut. Its client has died
# as the owner of the image's lock.
power_cut() { # JQ
	local text client
	on a rbdvol attach $pool/vol >/dev/null
	text=$(hold)
	on a --sh 'rbd device unmap /dev/rbd0 && udevadm settle'
	rados -p $pool lock get "$(header)" rbd_lock --lock-cookie 'auto 1' --lock-tag internal
	client=$(rados -p $pool lock info "$(header)" rbd_lock | jq '.lockers[0].addr')
	rados -p $pool setxattr "$(header)" rbdvol.hold "$(jq -c "$1 | .[0].client_address = $client" <<<"$text")"
}

pool_create "$pool"
rbd create $pool/vol --size 64M
for guest in a b; do
	on $guest --sh "mkdir -p /etc/rbdvol; printf '[rbdvol]\npool = $pool\nplugin-timeout = 90\n' >/etc/rbdvol/rbdvol.conf"
done
serve a --plugin-socket $socket
id_of_b=$(on b cat /etc/machine-id)
on b --sh "echo $(on a cat /etc/machine-id) >/etc/machine-id"
serve b --plugin-socket $socket

# --- b is a copy of a, with a name of its own ---
ok "a host attaches" on a rbdvol attach $pool/vol
refuses "its copy is refused and told why" 6 'held by host guest-a.*machine id.*is this host.s own.*--steal' \
	on b rbdvol attach $pool/vol
ok "a detach there" on b --sh "! rbdvol detach $pool/vol 2>&1 | grep -v 'not attached'"
ok "and a prune" on b rbdvol prune --pool $pool
is "leave the hold alone" "$(holder)" guest-a
ok "the host detaches" on a rbdvol detach $pool/vol
call a Create '{"Name":"v","Opts":{"size":"64M","shared":"yes"}}' >&2
call a Mount '{"Name":"v","ID":"1"}' >&2
call b Mount '{"Name":"v","ID":"2"}' >&2
like "of a volume that both share the first writes" "$(on a findmnt -no OPTIONS "/run/rbdvol/mounts/$pool%2Fv")" '^rw'
like "the copy reads" "$(on b findmnt -no OPTIONS "/run/rbdvol/mounts/$pool%2Fv")" '^ro'
call b Unmount '{"Name":"v","ID":"2"}' >&2
call a Unmount '{"Name":"v","ID":"1"}' >&2

# --- b has the name of a, too ---
on b hostname guest-a
ok "a host attaches" on a rbdvol attach $pool/vol
refuses "a copy with the same name is refused while the client runs" 6 'held by host guest-a.*a copy of this one' \
	on b rbdvol attach $pool/vol --timeout 200
ok "a prune there" on b rbdvol prune --pool $pool
is "leaves the hold alone" "$(on b rbdvol show $pool/vol --json | jq -r .held_by.host)" guest-a
ok "the host writes" on a --sh 'echo mine | dd of=/dev/rbd0 bs=4k conv=sync oflag=direct status=none && udevadm settle'
ok "and detaches" on a rbdvol detach $pool/vol
serve_no_more b
on b --sh "hostname guest-b; echo $id_of_b >/etc/machine-id"
serve b

# --- a has another name after a power cut ---
boot='.[0].boot_id = "00000000-1111-2222-3333-444444444444"'
power_cut "$boot"
ok "a host that comes back has its volume" on a rbdvol attach $pool/vol
on a rbdvol detach $pool/vol
power_cut "$boot | .[0].host_name = \"guest-a.example.com\""
ok "with a domain or without" on a rbdvol attach $pool/vol
on a rbdvol detach $pool/vol
power_cut "$boot | .[0].host_name = \"localhost\""
refuses "under another name it is told why not" 6 'held by host localhost .*machine id.*this host.s own.*--steal' \
	on a rbdvol attach $pool/vol
ok "and takes it back" on a rbdvol attach $pool/vol --steal --yes
on a rbdvol detach $pool/vol
power_cut "$boot | .[0].host = \"0123456789abcdef0123456789abcdef\""
refuses "with another machine id at each boot it is told so" 6 'the name in the hold is this host.s own.*machine-id\(5\)' \
	on a rbdvol attach $pool/vol
ok "and takes it back" on a rbdvol attach $pool/vol --steal --yes

# --- a gets another name while rbdvold runs ---
on a hostname renamed
ok "a host that was renamed has its volume still" on a rbdvol attach $pool/vol
ok "and detaches it" on a rbdvol detach $pool/vol
is "nobody holds it" "$(hold 2>/dev/null)" ""
ok "it attaches" on a rbdvol attach $pool/vol
is "under the new name" "$(holder)" renamed
done_testing
