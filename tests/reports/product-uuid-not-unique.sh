#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/rockstor/rockstor-core/issues/1964
# Area: boot
# Where: guest
# Found: any 32 digits were a host's id, so that the second of two such boards would have taken the root of the first
# Boards and cloned virtual machines share a product UUID: of zeros, of Fs, of an example; what takes it for an identity mixes
# hosts up.
. "$(dirname -- "$0")/guest-lib.sh"
. "$(dirname -- "$0")/boot-lib.sh"

host_id() { # UUID MAC
	fake_host
	fake_uuid "$1"
	[[ -z $2 ]] || fake_nic eth0 "$2"
	identity
}
good=4c4c4544-0042-3510-8052-b4c04f4e4d32
is "a product UUID counts, and the address of the network device" "$(host_id $good 52:54:00:00:00:a1)" 4c4c45440042351080525254000000a1
ok "twins differ" test "$(host_id $good 52:54:00:00:00:a1)" != "$(host_id $good 52:54:00:00:00:a2)"
for uuid in 00000000-0000-0000-0000-000000000000 FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF 03000200-0400-0500-0006-000700080009 \
	12345678-1234-5678-90ab-cddeefaabbcc "Not Settable" "0123456789012345678901234567890z"; do
	is "'$uuid' is none" "$(host_id "$uuid" 52:54:00:00:00:a1)" 000000000000000000005254000000a1
	is "and without a network device there is no id" "$(host_id "$uuid" '')" ''
done
is "a good one alone does" "$(host_id $good '')" 4c4c4544004235108052b4c04f4e4d32
done_testing
