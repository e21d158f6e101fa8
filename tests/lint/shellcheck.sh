#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No shell script gets a warning from shellcheck.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

scripts()
{
	find . \( -name .git -o -name build -o -name _build -o -name _inst -o -name 'rbdvol-[0-9]*' \
		-o -name build-aux -o -name autom4te.cache -o -name configure -o -name config.status \
		-o -name '*.in' -o -name '*~' \) -prune -o -type f -print |
		grep -vE '\.[choa]$' | xargs awk '
			FNR == 1 && (/^#! ?\/(usr\/)?bin\/(env )?(ba|da)?sh/ || FILENAME ~ /\.sh$/) { print FILENAME }
			{ nextfile }'
	made=${top_builddir:-.}/completions/rbdvol
	! [ -e "$made" ] || echo "$made"
}

if ! command -v shellcheck >/dev/null; then
	skip "shellcheck has nothing to say" "no shellcheck"
	finish
	exit
fi
scripts | xargs shellcheck -f gcc -S warning -x -P SCRIPTDIR >>"$faults" 2>&1
result "shellcheck has nothing to say"
finish
