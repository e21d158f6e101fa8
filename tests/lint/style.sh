#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The C files are as clang-format writes them.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

name="clang-format would change nothing"
if command -v clang-format >/dev/null; then
	c_files | while read -r file; do
		clang-format "$file" | cmp -s - "$file" || echo "$file"
	done >>"$faults"
	result "$name"
else
	skip "$name" "no clang-format"
fi
c_files | xargs grep -nE '[[:blank:]]$' >>"$faults"
result "no blanks at the end of a line"
finish
