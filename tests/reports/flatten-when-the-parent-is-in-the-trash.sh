#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph-csi/pull/2045
# Area: clone
# Where: cluster
# Found: right
# The parent of a clone was removed, as clones of format 2 allow, and is in the trash: what looks for it by name finds nothing.
. "$(dirname -- "$0")/cluster-lib.sh"
dd if=/dev/urandom of=/run/content bs=1M count=8 status=none
rbd import --no-progress /run/content "$pool/golden"
rbdvol create "$pool/web" --from "$pool/golden" 2>/dev/null
rbdvol create "$pool/next" --from "$pool/web" 2>/dev/null
rbd trash mv "$pool/golden"
like "show tells its parent" "$(rbdvol show "$pool/web")" 'golden'
ok "it is asked for again by the same request" rbdvol create "$pool/web" --from "$pool/golden"
ok "it grows" rbdvol resize "$pool/web" 16M
ok "a clone of it is made" rbdvol create "$pool/third" --from "$pool/web"
ok "it is flattened" rbdvol flatten "$pool/web"
ok "and so is its clone" rbdvol flatten "$pool/next"
rbd export --no-progress "$pool/next" /run/next
ok "with the content of the parent" cmp /run/content /run/next
ok "all are deleted" rbdvol delete "$pool/next" "$pool/third" "$pool/web"
done_testing
