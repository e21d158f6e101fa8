#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Source: https://github.com/systemd/systemd/issues/42787
# Area: systemd
# Where: cluster
# Found: right
# An option of fstab with a backslash at its end swallowed the next line of the unit that was made of it, and a percent sign
# (systemd#5290) was taken for a specifier.
. "$(dirname -- "$0")/cluster-lib.sh"
mkdir /run/units
unit() { # LINE OF FSTAB: what is made of it, comments left out
	rm -rf /run/units/*
	echo "$1" >/run/fstab
	RBDVOLTAB=/run/none FSTAB=/run/fstab "$top_builddir/rbdvol-generator" /run/units 2>/run/said
	find /run/units -name '*.conf' -type f -exec cat {} + | grep -v '^#'
}
like "a percent sign is doubled" "$(unit "$pool/50%off /srv/x rbdvol size=1G,_netdev 0 0")" '50%%off'
unit 'p/a /srv/x rbdvol pool=back\134,size=1G,_netdev 0 0' >/run/made
is "no line of what is made ends in a backslash" "$(grep -c '\\$' /run/made)" 0
unit 'p/a\134 /srv/x rbdvol size=1G,_netdev 0 0' >/run/made
is "also of a name" "$(grep -c '\\$' /run/made)" 0
is "a newline in a name makes no line of its own" "$(unit 'p/a\012ExecStart=/bin/true /srv/x rbdvol size=1G,_netdev 0 0' | grep -c '^ExecStart=/bin/true')" 0
done_testing
