#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host loses its network with a volume attached: every command ends in its time, what hangs in the
# kernel is told as stuck and holds up nobody else, rbdvold can be ended and started anew, and with the
# network back all goes on by itself. A pool of its own.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_lab a

pool=network

cleanup() {
	"$tap_tools/guest" --name a net up
	on a ip link set vec0 up
	leave a
	on a rm -f /etc/rbdvol/rbdvol.conf
	pool_over "$pool"
}
trap cleanup EXIT

# Until the command succeeds, for two minutes at most.
again() { # COMMAND...
	wait_for 120 on a "$@"
}

# What the kernel alone asks, by msgr1: rbdvold speaks msgr2.
block_msgr1() {
	on a ip rule "$1" ipproto tcp dport 6789 prohibit
}

pool_create "$pool"
rbd create "$pool/one" --size 16M
rbd create "$pool/two" --size 16M
on a --sh 'mkdir -p /etc/rbdvol; printf "[rbdvol]\ncluster-timeout = 5\nstuck-after = 4\n" >/etc/rbdvol/rbdvol.conf'
serve a
ok "a volume is attached" on a rbdvol attach "$pool/one" -o mount_timeout=20
ok "and another" on a rbdvol attach "$pool/two" -o mount_timeout=20
ok "and written" on a --sh "echo before | dd of=/dev/rbdvol/$pool/one bs=4k conv=sync oflag=direct status=none"

rbd create "$pool/mapped" --size 16M
block_msgr1 add
on a --sh "(setsid rbdvol attach $pool/mapped -o ms_mode=legacy,mount_timeout=120 --timeout 150 >/tmp/attach 2>&1 &)"
again --sh 'rbdvol jobs | grep -q stuck'
like "list says that an attach is stuck in the kernel" "$(on a rbdvol list 2>&1)" \
	"$pool/mapped: attach is stuck in map since 20.*job ([0-9]+)"
job=${BASH_REMATCH[1]-none}
ok "others are answered" on a timeout 20 rbdvol show /dev/rbd0
block_msgr1 delete
ok "when the kernel gets through the job goes on by itself" again grep -q . /tmp/attach
is "and gives the link" "$(on a tail -n 1 /tmp/attach)" "/dev/rbdvol/$pool/mapped"
like "it is done" "$(on a rbdvol jobs)" " $job +attach +$pool/mapped .* done "
is "an attach finds it so" "$(on a rbdvol attach "$pool/mapped" 2>/dev/null)" "/dev/rbdvol/$pool/mapped"
ok "it is detached" on a rbdvol detach "$pool/mapped"

"$tap_tools/guest" --name a net down
is "list tells what is attached" "$(on a rbdvol list --json | jq -c '[.volumes[].volume]')" "[\"$pool/one\",\"$pool/two\"]"
shown=$(on a rbdvol show "$pool/one" --timeout 60 2>&1)
like "show what it is" "$shown" 'device: +/dev/rbd0'
like "and why it cannot say more" "$shown" 'the cluster did not answer within 5 s'
refuses "nothing can be attached" 7 'did not answer within 5 s|still running' on a rbdvol attach "$pool/three" --timeout 8
refuses "a detach ends in its time" 7 'still running: job [0-9]+, in unmap for' on a rbdvol detach "$pool/one" --timeout 2
ok "list answers meanwhile" on a timeout 20 rbdvol list
again --sh 'rbdvol jobs | grep -q stuck'
like "jobs calls it stuck" "$(on a rbdvol jobs)" "detach +$pool/one +unmap .*stuck since 20"
like "and so does list" "$(on a rbdvol list 2>&1)" "$pool/one: detach is stuck in unmap since 20.*job"
ok "rbdvold can be ended" serve_no_more a
ok "and started anew" serve a
is "it tells of the kernel's devices what is so" "$(on a rbdvol list --json | jq -c '[.volumes[].volume] | contains(["'$pool'/two"])')" true

"$tap_tools/guest" --name a net up
ok "with the network back the volume goes" again rbdvol detach "$pool/one"
ok "the other one was there all the time" on a --sh "echo after | dd of=/dev/rbdvol/$pool/two bs=4k conv=sync oflag=direct status=none"
ok "it goes as well" again rbdvol detach "$pool/two"
is "nothing is mapped" "$(on a ls /sys/bus/rbd/devices)" ""
ok "the first can be had again" again rbdvol attach "$pool/one"
is "and has what was written" "$(on a head -c 6 "/dev/rbdvol/$pool/one")" before
ok "it goes" on a rbdvol detach "$pool/one"
is "nobody holds it" "$(on a rbdvol show "$pool/one" --json | jq .held_by)" null
done_testing
