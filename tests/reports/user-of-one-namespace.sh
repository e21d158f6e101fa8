#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-csi/issues/3231
# Area: clone
# Where: cluster
# Found: right
# A user who may only work in one namespace of a pool: volumes can be made, but the first snapshot or clone asks for something
# outside of it.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd namespace create "$pool/k8s.test"
ceph auth get-or-create client.k8s.test mon 'profile rbd' osd "profile rbd pool=$pool namespace=k8s.test" \
	>/etc/ceph/ceph.client.k8s.test.keyring 2>/dev/null
on_exit 'ceph auth rm client.k8s.test'
as() { rbdvol "$1" --id k8s.test "${@:2}"; }
ok "a volume" as create "$pool/k8s.test/vol" --size 16M
ok "a snapshot" as snapshot "$pool/k8s.test/vol@s"
ok "a clone of it" as create "$pool/k8s.test/web" --from "$pool/k8s.test/vol@s"
ok "one that takes a snapshot" as create "$pool/k8s.test/next" --from "$pool/k8s.test/web"
is "the list is the namespace's" "$(as list --all --pool "$pool/k8s.test" --json | jq -r '.volumes[].volume' | xargs)" \
	"$pool/k8s.test/next $pool/k8s.test/vol $pool/k8s.test/web"
ok "the tree" as tree "$pool/k8s.test/vol"
ok "a flatten" as flatten "$pool/k8s.test/next"
ok "a resize" as resize "$pool/k8s.test/next" 32M
ok "all are deleted" as delete "$pool/k8s.test/next" "$pool/k8s.test/web" "$pool/k8s.test/vol@s" "$pool/k8s.test/vol"
refuses "outside of it nothing is made" 8 "$pool/mine|k8s.test" as create "$pool/mine" --size 16M
done_testing
