#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host dies with a volume attached: another takes it over, the first comes back and finds the world
# as it is; and one that comes back first just goes on. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab b c

pool=killed
vol=$pool/vol

cleanup() {
	local guest
	for guest in b c; do
		leave "$guest"
	done
	pool_over "$pool"
}
trap cleanup EXIT

put() { # GUEST TEXT
	on "$1" --sh "echo $2 | dd of=/dev/rbdvol/$vol bs=4k conv=sync oflag=direct status=none"
}

text() { # GUEST
	on "$1" --sh "dd if=/dev/rbdvol/$vol bs=4k count=1 iflag=direct status=none | head -n 1"
}

dies() { # GUEST
	"$tap_tools/guest" --name "$1" kill >&2
	in_lab "$1"
	serve "$1"
}

pool_create "$pool"
rbd create "$vol" --size 16M
serve b
serve c

ok "a host has it" on b rbdvol attach "$vol"
ok "and writes" put b first
address=$(on b cat /sys/bus/rbd/devices/0/client_addr)
"$tap_tools/guest" --name b kill >&2
refuses "another is refused while nobody says the first is dead" 6 "held by host guest-b \($address\)" on c rbdvol attach "$vol"
ok "told so, it takes the volume over" on c rbdvol attach "$vol" --steal --yes
is "what the dead one wrote is there" "$(text c)" first
is "its client is blocklisted" "$(ceph osd blocklist ls 2>/dev/null | grep -c "^$address ")" 1
ok "the new one writes" put c second
in_lab b
serve b
refuses "the first comes back, and is told who has it" 6 'held by host guest-c' on b rbdvol attach "$vol"
ok "it is let go" on c rbdvol detach "$vol"
ok "the first has it again" on b rbdvol attach "$vol"
is "and reads what was written meanwhile" "$(text b)" second

address=$(on b cat /sys/bus/rbd/devices/0/client_addr)
dies b
ok "a host that comes back before anybody else goes on, without a question" on b rbdvol attach "$vol"
is "its dead client is blocklisted first" "$(ceph osd blocklist ls 2>/dev/null | grep -c "^$address ")" 1
is "its data is there" "$(text b)" second
ok "and it detaches" on b rbdvol detach "$vol"
is "nobody holds it" "$(on c rbdvol show "$vol" --json | jq .held_by)" null
done_testing
