#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/hpe-storage/csi-driver/issues/270
# Area: boot
# Where: guest
# Found: the first address in the order of names was the host's id, a bridge's or a random one too: two hosts with one id
# A host's id was made of the first network address; with bridges and tunnels that is the same on each host, or another at
# each boot.
. "$(dirname -- "$0")/guest-lib.sh"
. "$(dirname -- "$0")/boot-lib.sh"
mac=000000000000000000005254000000a1

fake_host
fake_nic br0 0a:58:a9:fe:00:01 virtual
fake_nic lo 00:00:00:00:00:00 virtual
fake_nic eth0 52:54:00:00:00:a1
is "a bridge's address is not a host's" "$(identity)" $mac
fake_nic dummy0 8e:11:22:33:44:55 random
is "nor is one that the kernel rolled" "$(identity)" $mac
fake_nic ens1 52:54:00:00:00:b2
is "the interface of ip= is this host's" "$(identity ip=10.0.0.5::::node5:ens1:off)" 000000000000000000005254000000b2
is "the same, whichever the kernel finds first" "$(identity)" $mac
mkdir "$fake/class/net/eth0/bonding_slave"
echo 52:54:00:00:00:a1 >"$fake/class/net/eth0/bonding_slave/perm_hwaddr"
echo 52:54:00:00:00:b2 >"$fake/class/net/eth0/address"
is "in a bond, its own address counts" "$(identity)" $mac

fake_host
fake_nic br0 0a:58:a9:fe:00:01 virtual
fake_nic dummy0 8e:11:22:33:44:55 random
like "without any it is refused, and told what to do" "$(attach_root root=rbdvol:q 2>&1)" systemd.machine_id=
is "before anything is attached" "$(cat "$fake/called")" ''
is "with that it goes" "$(identity systemd.machine_id=0123456789abcdef0123456789abcdef)" 0123456789abcdef0123456789abcdef
done_testing
