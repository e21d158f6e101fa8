#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/avocado-framework/avocado-vt/pull/3050
# Area: map
# Where: cluster
# Found: 'Invalid argument' for a ceph.conf without a newline at its end, with neither the file nor what to do
# ceph.conf ends without a newline, or has those of another system: the error says nothing of it.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 8M "$pool/vol"
on_exit 'rm -f /etc/ceph/edited*.conf'
keyring=/etc/ceph/ceph.client.admin.keyring
printf '[global]\nkeyring = %s\nmon host = 10.99.0.1' $keyring >/etc/ceph/edited1.conf
refuses "without a newline at its end librados does not read it" 1 'configuration /etc/ceph/edited1.conf .*ceph-conf -c /etc/ceph/edited1.conf.*newline' \
	rbdvol show --cluster edited1 "$pool/vol"
like "what the error says finds the line" "$(ceph-conf -c /etc/ceph/edited1.conf --lookup fsid 2>&1)" 'in line 3'
printf '# mine\n[global]\n\tkeyring=%s ; here\n\tmon host = 10.99.0.1\n' $keyring >/etc/ceph/edited2.conf
ok "with comments and tabs it is read" rbdvol show --cluster edited2 "$pool/vol"
printf '[global]\r\nmon host = 10.99.0.1\r\nkeyring = %s\r\n' $keyring >/etc/ceph/edited3.conf
ok "with carriage returns, too" rbdvol show --cluster edited3 "$pool/vol"
done_testing
