#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/kubernetes/kubernetes/issues/95624
# Area: takeover
# Where: cluster
# Found: the value of 'secret' was shown in a note, also where it was the key itself
# Keys that were given as options end in logs and errors.
. "$(dirname -- "$0")/cluster-lib.sh"
key=AQBSecretSecretSecretSecretSecretSecretSw==
on_exit "rm -f /run/$pool.map"
for line in "options='name=x,secret=$key'" "options='secret=$key,queue_depth=4'" "id=x,secret=$key" "key=$key"; do
	echo "$pool/x $line" >"/run/$pool.map"
	said=$(RBDVOLTAB=/run/none rbdvol rbdmap "/run/$pool.map" --json 2>&1)
	is "of '${line%%AQ*}…' the key is not shown" "$(grep -c "$key" <<<"$said")" 0
	like "but that it cannot stay so" "$said" 'key|secret'
done
said=$(rbdvol attach "$pool/x" -o "secret=$key" 2>&1)
is "an attach with it does not show it, nor log it" "$(grep -c "$key" <(echo "$said"; cat /run/rbdvold.log))" 0
done_testing
