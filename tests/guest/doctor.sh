#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the doctor finds on a host: each thing that lacks is named, with what helps; and that helps.
# A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=doctor
rules=/etc/udev/rules.d/59-rbdvol.rules
conf=$(mktemp -d)

cleanup() {
	rm -f "$rules"
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over $pool
	rm -rf "$conf"
}
trap cleanup EXIT

findings() { # LEVEL
	rbdvol doctor --pool $pool | grep "^$1"
}

# finds DESCRIPTION LEVEL REGEX: that is the only finding of its level; of an error the exit status
# tells.
finds() {
	local found status
	found=$(rbdvol doctor --pool $pool)
	status=$?
	found=$(grep "^$2" <<<"$found")
	like "$1" "$found" "$3"
	is "and nothing else" "$(wc -l <<<"$found") $status" "1 $([[ $2 == error ]] && echo 1 || echo 0)"
}

restart() { # LINE-OF-THE-CONFIGURATION...
	daemon_stop
	printf '%s\n' '[rbdvol]' 'cluster-timeout = 3' "$@" >"$conf/rbdvol.conf"
	daemon_start --config "$conf/rbdvol.conf"
}

hide_rules() {
	mkdir -p "${rules%/*}" && : >"$rules" && udevadm control --reload
}

show_rules() {
	rm "$rules" && udevadm control --reload
}

pool_create $pool
rbd create --size 8M $pool/vol
daemon_start
is "where all is well nothing is found" "$(findings '[^o]')" ""
ok "and the exit status says so" rbdvol doctor --pool $pool
like "each part is told" "$(findings ok | cut -d: -f1 | sort -u | xargs)" \
	'capabilities ok cluster ok kernel ok leftovers ok udev'

# --- devices and holds ---
rbd device map $pool/vol >/dev/null
finds "mapped by another program" warning "hold: $pool/vol \(/dev/rbd0\) is mapped for writing, but not held \(rbdvol attach"
rbdvol attach $pool/vol >/dev/null
is "attached it is held" "$(findings '[^o]')" ""
hide_rules
udevadm trigger --settle /dev/rbd0
show_rules
finds "a device that udev processed without the rules" warning "udev: $pool/vol \(/dev/rbd0\) has no link below /dev/rbdvol \(udevadm trigger"
udevadm trigger --settle /dev/rbd0
is "which the advice brings back" "$(findings '[^o]')$(readlink -f /dev/rbdvol/$pool/vol)" /dev/rbd0
rbd device unmap /dev/rbd0
finds "a hold without a device" warning "hold: $pool/vol is held by this host, but not attached \(rbdvol prune"
is "prune tells first" "$(rbdvol prune --pool $pool --dry-run)" "stale hold: $pool/vol would be removed"
is "and changes nothing then" "$(rbdvol show $pool/vol --json | jq -r .held_by.host)" "$(uname -n)"
is "prune ends it" "$(rbdvol prune --pool $pool)" "stale hold: $pool/vol is removed"
is "it is free" "$(rbdvol show $pool/vol --json | jq .held_by)$(findings '[^o]')" null
rbdvol attach $pool/vol >/dev/null
rbd rename $pool/vol $pool/renamed
is "a hold of what is attached under an older name stays" "$(rbdvol prune --pool $pool)$(findings '[^o]')" ""
ok "it is detached" rbdvol detach /dev/rbd0
is "nothing holds it then" "$(rbdvol show $pool/renamed --json | jq .held_by)" null

# --- a snapshot of ours that is mapped, of which the cluster does not know ---
rbd create --size 8M $pool/golden
rbdvol create $pool/clone --from $pool/golden 2>/dev/null
snap=$pool/golden@$(rbd info $pool/clone --format json | jq -r .parent.snapshot)
rbdvol attach "$snap" >/dev/null
rbdvol flatten $pool/clone
rbdvol delete $pool/clone
rbdvol create $pool/clone --from $pool/golden 2>/dev/null
rbdvol delete $pool/clone
is "a snapshot that is mapped here stays when its last clone goes, by flatten or delete" \
	"$(rbd snap ls $pool/golden --format json | jq -r '.[].name')" "${snap#*@}"
is "it is not a leftover" "$(rbdvol prune --pool $pool)$(findings '[^o]')" ""
rbdvol detach "$snap"
is "until it is detached" "$(rbdvol prune --pool $pool)" "unused snapshot: $snap is removed"
rbd rm --no-progress $pool/golden

# --- udev ---
hide_rules
finds "rules that are hidden" error "udev: $rules is empty, and hides rbdvol's udev rules"
show_rules

# --- the cluster ---
restart "keyring = $conf/none"
finds "no key" error "cluster: .*(keyring|key)"
sed 's/10\.99\.0\.1:[0-9]*/10.99.0.1:6790/g' /etc/ceph/ceph.conf >"$conf/ceph.conf"
restart "conf = $conf/ceph.conf" "keyring = /etc/ceph/ceph.client.admin.keyring"
finds "no monitor" error "cluster: no monitor of cluster .* answered within 3 s: .*10\.99\.0\.1:6790"
restart
is "all is well again" "$(findings '[^o]')" ""
done_testing
