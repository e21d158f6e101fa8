#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-ansible/issues/278
# Area: map
# Where: cluster
# Found: right
# ceph.conf puts the clients' sockets and logs into directories that no package makes; each command complains.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 8M "$pool/vol"
cp /etc/ceph/ceph.conf /etc/ceph/nowhere.conf
cat >>/etc/ceph/nowhere.conf <<-'CONF'
	[client]
	admin socket = /run/ceph/rbd-clients/$cluster-$type.$id.$pid.$cctid.asok
	log file = /var/log/ceph/no/such/$cluster-$name.$pid.log
	keyring = /etc/ceph/ceph.client.admin.keyring
	rbd cache = true
	rbd concurrent management ops = 20
CONF
out=$(rbdvol show --cluster nowhere "$pool/vol" 2>/run/said)
like "the volume is shown" "$out" "$pool/vol"
is "and nothing is said of the directories" "$(</run/said)" ''
ok "one is created" rbdvol create --cluster nowhere "$pool/new" --size 8M
ok "and deleted" rbdvol delete --cluster nowhere "$pool/new"
done_testing
