#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/ceph/ceph/pull/24446
# Area: takeover
# Where: cluster
# Found: right
# rbdmap's parameters may come in any order, with empty ones, quotes around names and a comment behind.
. "$(dirname -- "$0")/cluster-lib.sh"
on_exit "rm -f /run/$pool.map"
plan() { # PARAMETERS
	echo "$pool/x $1" >"/run/$pool.map"
	RBDVOLTAB=/run/none rbdvol rbdmap "/run/$pool.map" "${@:2}" 2>&1
}
becomes() { # PARAMETERS WANTED: the line of rbdvoltab
	is "'$1'" "$(plan "$1" --json | jq -r '.add[]')" "$pool/x - $2"
}
becomes "options='lock_on_read,queue_depth=1024',id=archiv" "map=lock_on_read,map=queue_depth=1024,id=archiv"
becomes ",options='lock_on_read,queue_depth=1024',id=archiv," "map=lock_on_read,map=queue_depth=1024,id=archiv"
becomes "'id'=archiv,options='queue_depth=1024'" "id=archiv,map=queue_depth=1024"
becomes "id=archiv,options='queue_depth=16'# id=other" "id=archiv,map=queue_depth=16"
becomes "id=archiv,# a comment" "id=archiv"
becomes $'\tid=archiv\t' "id=archiv"
like "with dashes in front it fails in rbdmap, too, and is told" "$(plan '--id=archiv')" "$pool.map:1: rbdvol has nothing for the parameter '--id'"
done_testing
