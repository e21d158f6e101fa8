#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/thecodeteam/libstorage/issues/551
# Area: map
# Where: cluster
# Found: a ceph.conf without monitors, as with the spelling 'mon-host', was told as a refused key; the notations are right
# Monitors in ceph.conf can be written in many ways; tools that read them by themselves know some of these.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 8M "$pool/vol"
n=0
answers() { # TEXT: lines of ceph.conf
	n=$((n + 1))
	printf '[global]\nkeyring = /etc/ceph/ceph.client.admin.keyring\n%s\n' "$1" >/etc/ceph/notation$n.conf
	ok "${1//$'\n'/ | }" rbdvol show --cluster notation$n "$pool/vol" --timeout 100
}
answers 'mon_host = 10.99.0.1 10.99.0.1'
answers 'mon host = 10.99.0.1:6789; this is a comment'
answers 'mon host = 10.99.0.1:3300'
answers 'mon host = v2:10.99.0.1:3300/0'
answers $'[mon.a]\n\thost = node1\n\tmon addr = 10.99.0.1:6789'
answers 'mon host = 10.99.0.99, 10.99.0.1'
printf '[global]\nkeyring = /etc/ceph/ceph.client.admin.keyring\nmon-host = 10.99.0.1\n' >/etc/ceph/none.conf
refuses "one that Ceph does not know is told as none" 7 "'none' has no monitors" rbdvol show --cluster none "$pool/vol" --timeout 60
done_testing
