#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who may include whom, each directory what is below it and never the other way round; and which
# libraries a directory may know.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

# DIRECTORY ALLOWED…: headers of ours.
ours()
{
	directory=$1
	shift
	allowed=$(echo "$directory $*" | sed 's/ /|/g')
	[ -d "$directory" ] || return 0
	grep -rnE '^[[:space:]]*#[[:space:]]*include "' "$directory" --include='*.[ch]' |
		grep -vE "include \"($allowed)/" >>"$faults"
	result "$directory/ includes only: $directory $*"
}

# DIRECTORY PATTERN WHAT: headers of others.
never()
{
	[ -d "$1" ] || return 0
	grep -rnE "^[[:space:]]*#[[:space:]]*include <($2)" "$1" --include='*.[ch]' >>"$faults"
	result "$1/ knows nothing of $3"
}

ours base
ours ceph base
ours rbd ceph base
ours mapper base
ours volume rbd ceph mapper base
ours daemon volume base
ours docker daemon volume base
ours program docker daemon base
ours cli base
ours udev-rules base
ours systemd base

ceph='rbd/|rados/'
front='systemd/sd-(bus|daemon|event|journal)|microhttpd'
host='libudev|libkmod|blkid/|libmount|keyutils'
never base "$ceph|$front|$host" "Ceph, krbd and the fronts"
never ceph "$front|$host" "this host and the fronts"
never rbd "$front|$host" "this host and the fronts"
never mapper "$ceph|$front" "librbd and the fronts"
never volume "$front" "the fronts"
never cli "$ceph|$host|systemd/|microhttpd|curl" "librbd, krbd and the daemon's libraries"
never udev-rules "$ceph|$front|$host" "any library but libc"
never systemd "$ceph|$front|$host" "any library but libc"

# A file is its .c and its .h. HACKING has the cycles that are meant: ROOM/{NAME,NAME}  the reason.
# shellcheck disable=SC2046 # names of files
grep -E '^[[:space:]]*#[[:space:]]*include "[^"]+\.h"' $(c_files | grep -v '^tests/') /dev/null |
	awk -F '[:"]' '
		FNR == NR {
			if (match($0, /^    [a-z-]+\/\{[a-z,-]+\}/)) {
				split(substr($0, 5, RLENGTH - 5), part, "/[{]")
				n = split(part[2], name, ",")
				for (i = 1; i <= n; i++)
					for (j = 1; j <= n; j++)
						meant[part[1] "/" name[i], part[1] "/" name[j]] = 1
			}
			next
		}
		{
			from = $1; to = $3
			sub(/\.[ch]$/, "", from); sub(/\.h$/, "", to)
			if (from != to && !((from, to) in meant))
				print from, to
		}' HACKING - | tsort 2>>"$faults" >/dev/null
result "no cycle of files but those that HACKING names"

# A public header must say each of these itself; a bare name would be found in the wrong directory.
c_files | xargs grep -nE '^[[:space:]]*#[[:space:]]*include "[^/"]+"' >>"$faults"
result "every include of ours names its directory"
c_files | grep '\.h$' | xargs grep -L '^#pragma once' >>"$faults"
result "every header is included once"
finish
