#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/rexray/rexray/issues/1182
# Area: map
# Where: cluster
# Found: a bare 'Input/output error' where somebody's key in the keyring is malformed
# The plugin has another key than the administrator's tools, and nothing tells which user and keyring it is.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 8M "$pool/vol"
on_exit 'ceph auth rm client.second'
ceph auth get-or-create client.second mon 'profile rbd' osd "profile rbd pool=$pool" >/run/second 2>/dev/null
key=$(ceph-authtool --gen-print-key)
refuses "without a key, user and keyrings are named" 8 "client.second.*keyring" rbdvol show --id second "$pool/vol"
{
	printf '[client.first]\n\tkey = %s\n' "$key"
	cat /run/second
	printf '[client.third]\n\tkey = %s\n' "$key"
} >/etc/ceph/ceph.keyring
ok "among the keys of others it is found" rbdvol show --id second "$pool/vol"
refuses "a wrong one is told, with its user" 8 "client.third" rbdvol show --id third "$pool/vol"
printf '[client.fourth]\n\tkey = %s\n[client.fifth]\n\tkey = AQB\n' "$key" >/etc/ceph/ceph.client.fourth.keyring
refuses "one that cannot be read is told with its file" 1 "ceph.client.fourth.keyring" rbdvol show --id fourth "$pool/vol"
done_testing
