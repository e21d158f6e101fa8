#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The C files are as clang-format writes them; each source has its licence.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

name="clang-format would change nothing"
if command -v clang-format >/dev/null; then
	c_files | xargs clang-format --dry-run -Werror 2>>"$faults"
	result "$name"
else
	skip "$name" "no clang-format"
fi
# What a licence can be told in: source, scripts, make files, rules.
sources()
{
	c_files
	find .ci base ceph rbd mapper volume daemon docker program cli systemd udev-rules boot completions m4 tests \
		-type f ! -path 'tests/record/*' ! -path 'tests/fuzz/corpus/*' 2>/dev/null |
		while read -r file; do
			case $file in
			*.sh | *.am | *.m4 | *.def | *.rules) echo "$file" ;;
			*) [ "$(head -c 2 "$file")" != '#!' ] || echo "$file" ;;
			esac
		done
	ls configure.ac Makefile.am quickstart
}

sources | xargs grep -L -m 1 'SPDX-License-Identifier: LGPL-2.1-or-later' >>"$faults"
result "each source names its licence"
c_files | xargs grep -nE '[[:blank:]]$' >>"$faults"
result "no blanks at the end of a line"
finish
