#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/systemd/systemd/issues/25371
# Area: systemd
# Where: cluster
# Found: right
# fstab writes blanks and more as octal numbers; who reads it decodes some of them, and leaves others.
. "$(dirname -- "$0")/cluster-lib.sh"
mkdir /run/units
made() { # FSTAB [RBDVOLTAB]
	rm -rf /run/units/*
	printf '%s\n' "$1" >/run/fstab
	printf '%s\n' "${2-}" >/run/voltab
	RBDVOLTAB=/run/voltab FSTAB=/run/fstab "$top_builddir/rbdvol-generator" /run/units 2>/run/said
	find /run/units -name '*.conf' -type f -exec cat {} + | grep -v '^#'
}
names() { find /run/units -mindepth 1 | sort; }
made 'p/a\050b\051 /srv/\050x\051 rbdvol size=1G,_netdev 0 0' >/run/one
made 'p/a(b) /srv/(x) rbdvol size=1G,_netdev 0 0' >/run/two
is "parentheses as numbers are parentheses" "$(</run/one)" "$(</run/two)"
ok "of which something is made" test -s /run/one
made 'p/a\043b /srv/x rbdvol size=1G,_netdev 0 0' >/run/one
like "a number sign is none of a comment" "$(</run/one)" 'a#b'
made '' 'p/golden\137two noauto' >/dev/null
one=$(names)
made '' 'p/golden_two noauto' >/dev/null
is "in rbdvoltab, too" "$one" "$(names)"
made 'p/a\09 /srv/x rbdvol size=1G,_netdev 0 0' >/run/one
like "what is not a number stays as it is, or is told" "$(</run/one)$(</run/said)" '09'
done_testing
