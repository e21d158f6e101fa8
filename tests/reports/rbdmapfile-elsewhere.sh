#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/8222
# Area: takeover
# Where: cluster
# Found: /etc/ceph/rbdmap was read, whatever RBDMAPFILE said
# RBDMAPFILE in /etc/default/ceph, which rbdmap.service reads, names another file than /etc/ceph/rbdmap.
. "$(dirname -- "$0")/cluster-lib.sh"
mkdir -p /etc/default
cp /etc/default/ceph /run/default 2>/dev/null || : >/run/default
on_exit 'cp /run/default /etc/default/ceph; rm -f /etc/ceph/rbdmap /etc/ceph/other'
echo "$pool/here" >/etc/ceph/rbdmap
echo "$pool/there" >/etc/ceph/other
added() { RBDVOLTAB=/run/none rbdvol rbdmap "$@" --json 2>/run/said | jq -r '.add[]'; }
is "without it the usual file is read" "$(added)" "$pool/here"
printf 'OTHER=x\nRBDMAPFILE="/etc/ceph/other"\n' >/etc/default/ceph
is "what rbdmap.service reads is read" "$(added)" "$pool/there"
is "one that is named is" "$(added /etc/ceph/rbdmap)" "$pool/here"
is "one in the environment is" "$(RBDMAPFILE=/etc/ceph/rbdmap added)" "$pool/here"
echo 'RBDMAPFILE=/etc/ceph/none' >/etc/default/ceph
added >/dev/null
like "one that is not there is told by its name" "$(</run/said)" '/etc/ceph/none'
done_testing
