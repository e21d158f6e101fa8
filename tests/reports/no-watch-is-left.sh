#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/open-iscsi/tcmu-runner/issues/293
# Area: holds
# Where: cluster
# Found: right
# A daemon keeps images open that it has finished with, and nobody can delete them until it is restarted.
. "$(dirname -- "$0")/cluster-lib.sh"
rbd create --size 16M "$pool/golden"
{
	rbdvol create "$pool/web" --from "$pool/golden"
	rbdvol show "$pool/golden"
	rbdvol show "$pool/golden" --slow
	rbdvol list --all --usage --pool "$pool"
	rbdvol tree "$pool/golden"
	rbdvol snapshot "$pool/web@s"
	rbdvol snapshots "$pool/web"
	rbdvol rollback --yes "$pool/web@s"
	rbdvol delete "$pool/web@s"
	rbdvol resize "$pool/web" 32M
	rbdvol sparsify "$pool/web"
	rbdvol reset --yes "$pool/web"
	rbdvol flatten "$pool/web"
	rbdvol wipe --yes "$pool/web" --algorithm trim
	rbdvol rename "$pool/web" "$pool/www"
	rbdvol prune --dry-run "$pool/golden"
} >/run/said 2>&1
watched() { [[ $(for name in golden www; do rbd status --format json "$pool/$name" || echo '{"watchers": [{"address": "gone"}]}'; done | jq -rs 'map(.watchers[].address) | join(" ")') ]]; }
unwatched() { ! watched; }
ok "after all of that none is open" wait_for 10 unwatched
ok "'rbd rm' deletes the clone" rbd rm --no-progress "$pool/www"
ok "and the parent" rbd rm --no-progress "$pool/golden"
done_testing
