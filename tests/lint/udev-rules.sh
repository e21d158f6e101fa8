#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The udev rules: their grammar by udev's own checker where there is one (systemd 254), and that what
# they test is set somewhere.
# shellcheck disable=SC2013 # the words have no blanks
. "$(dirname "$0")/tap.sh"
rules=$top/udev-rules/59-rbdvol.rules

if udevadm verify --help >/dev/null 2>&1; then
	udevadm verify --no-style "$rules" "$top/udev-rules/98-rbdvol.rules" >/dev/null 2>"$faults.out" || cat "$faults.out" >>"$faults"
	rm -f "$faults.out"
	result "udevadm verify finds no fault"
else
	skip "udevadm verify finds no fault" "this udevadm has no verify"
fi

for name in $(grep -v '^#' "$rules" | grep -oE '(\.RBDVOL|ID_RBD)_[A-Z_]+' | sort -u); do
	grep -qE "ENV\{$name\}=\"|IMPORT\{parent\}=\"$name\"" "$rules" || echo "$name is never set" >>"$faults"
done
result "every property that the rules use is set by them"

for name in $(grep -v '^#' "$rules" | grep -oE 'ENV\{ID_RBD_[A-Z_]+\}="' | grep -oE 'ID_RBD_[A-Z_]+' | sort -u); do
	grep '^#' "$rules" | grep -qw "$name" || echo "$name is not in the head of the rules" >>"$faults"
done
result "every property that the rules set is documented in their head"

for label in $(grep -v '^#' "$rules" | grep -oE 'GOTO="[a-z_]+"' | cut -d'"' -f2 | sort -u); do
	grep -q "^LABEL=\"$label\"" "$rules" || echo "no label $label" >>"$faults"
done
result "every jump has its label"
finish
