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
		while read -r file; do
			case $file in
			*.sh) echo "$file" ;;
			*.c | *.h | *.o | *.a) ;;
			*) if head -c 64 "$file" | head -n 1 | grep -qE '^#! ?/(usr/)?bin/(env )?(ba|da)?sh'; then
				echo "$file"
			fi ;;
			esac
		done
	made=${top_builddir:-.}/completions/rbdvol
	! [ -e "$made" ] || echo "$made"
}

if ! command -v shellcheck >/dev/null; then
	skip "shellcheck has nothing to say" "no shellcheck"
	finish
	exit
fi
all=$(scripts | sort)
said=$(mktemp)
echo "$all" | xargs shellcheck -f gcc -S warning -x -P SCRIPTDIR >"$said" 2>&1
status=$?
for script in $all; do
	grep -F "$script:" "$said" >>"$faults"
	result "$script"
done
[ $status = 0 ] || cat "$said" >>"$faults"
result "shellcheck has nothing else to say"
rm -f "$said"
finish
