#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The units: systemd's own check of them, and how much the daemon's sandbox leaves open.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

# What 'systemd-analyze security' says of rbdvold.service in systemd 252, in tenths. The unit tells
# why what is open stays open.
most_exposed=50

if ! command -v systemd-analyze >/dev/null; then
	skip "systemd-analyze verify finds no fault" "no systemd-analyze"
	finish
	exit
fi
units=$(mktemp -d) || exit 1
trap 'rm -rf "$units" "$faults"' EXIT
mkdir "$units/bin"
for program in rbdvold rbdvol; do
	ln -s /bin/true "$units/bin/$program"
done
for unit in systemd/*.in; do
	sed -e "s,@s*bindir@,$units/bin,g" -e 's|@runstatedir@|/run|g' "$unit" >"$units/$(basename "$unit" .in)"
done

for unit in "$units"/*.*; do
	name=$(basename "$unit")
	case $name in
	*@.*) ln "$unit" "$units/${name%@.*}@rbd-web1.${name##*.}"; unit=$units/${name%@.*}@rbd-web1.${name##*.} ;;
	esac
	SYSTEMD_UNIT_PATH=$units: systemd-analyze verify --man=no "$unit" 2>&1 | grep -F "$units" >>"$faults"
	result "systemd-analyze verify $name"
done

if systemd-analyze security --offline=true --no-pager "$units/rbdvold.service" >"$units/security" 2>/dev/null; then
	tenths=$(sed -nE 's/.*Overall exposure level for .*: ([0-9]+)\.([0-9]).*/\1\2/p' "$units/security")
	echo "# exposure of rbdvold.service: $tenths tenths"
	[ "${tenths:-100}" -le $most_exposed ] || cat "$units/security" >>"$faults"
	result "the daemon's sandbox is as tight as it was"
else
	skip "the daemon's sandbox is as tight as it was" "this systemd-analyze can't say"
fi
finish
