#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tables say, the manual, the completions and --help say too: verbs, options, exit statuses.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

build=${top_builddir:-.}
page=man/rbdvol.8.scd.in
rbdvol=$build/rbdvol
tables="base/verbs.def base/request-options.def cli/own-options.def"

# What an awk program prints at the end of the tables.
tables()
{
	# shellcheck disable=SC2086 # words
	awk -f base/tables.awk -f /dev/fd/3 $tables 3<<-EOF
		END { $1 }
	EOF
}

verbs()
{
	tables 'for (i = 1; i <= verbs; i++) print verb[i]'
}

# A line for each option: FLAG VERBS…; "every" stands for all verbs.
options()
{
	tables 'for (i = 1; i <= flags; i++) print flag[i] " " taken[flag[i]]'
}

# shellcheck disable=SC2086 # words
rows=$(cat $tables | grep -cE '^(VERB|REQUEST_OPTION|OWN_OPTION)\(.*\)$')
[ "$(verbs | wc -l)" -ge 19 ] || echo "verbs read: $(verbs | wc -l)" >>"$faults"
[ "$({ verbs; options; } | wc -l)" -eq "$rows" ] || echo "a row of a table is not one line" >>"$faults"
result "the tables can be read by this test"

# Sort the lines of the input into the file needed, or found.
needed()
{
	sort -u >"$faults.needed"
}

found()
{
	sort -u >"$faults.found"
}

# missing FORMAT: what is needed and not found, each by printf.
missing()
{
	comm -23 "$faults.needed" "$faults.found" | while read -r what; do
		# shellcheck disable=SC2059 # the format
		printf "$1\n" "$what"
	done >>"$faults"
	rm -f "$faults.needed" "$faults.found"
}

# A line VERB FLAG for each option that a verb takes.
taken()
{
	options | awk -v verbs="$(verbs | tr '\n' ' ')" '{
		n = split(verbs, verb, " ")
		for (i = 1; i <= n; i++)
			if (index(" " $0 " ", " every ") || index(" " $0 " ", " " verb[i] " "))
				print verb[i], $1
	}'
}

# The words of the input that begin with $1, without that.
words_after()
{
	tr -c 'a-z-' '\n' | sed -n "s/^$1//p"
}

{ verbs | sed 's/^/@VERB /; s/$/@/'; options | sed 's/ .*//; s/^/@OPTION /; s/$/@/'; } | needed
grep -xE '@(VERB|OPTION) [a-z-]+@' $page | found
missing "$page: %s is not there"
result "every verb and every option is described in the manual"

if [ -e "$build/completions/rbdvol" ]; then
	for file in rbdvol _rbdvol rbdvol.fish; do
		verbs | needed
		words_after '' <"$build/completions/$file" | found
		missing "completions/$file: no %s"
	done
	taken | needed
	sed -nE 's/^\t([a-z]+)\) echo "(.*)" ;;$/\1 \2/p' "$build/completions/rbdvol" |
		awk '{ for (i = 2; i <= NF; i++) if (sub(/^--/, "", $i)) print $1, $i }' | found
	missing "completions/rbdvol: not offered: %s"
	taken | sed 's/.* //' | needed
	words_after -- <"$build/completions/_rbdvol" | found
	missing "completions/_rbdvol: no --%s"
	taken | sed 's/.* //' | needed
	sed 's/ -l /\n-l /g' "$build/completions/rbdvol.fish" | sed -nE 's/^-l ([a-z-]+).*/\1/p' | found
	missing "completions/rbdvol.fish: no --%s"
	result "the completions offer every verb and option"
	grep -l '^@[A-Z]*@$' "$build/completions/rbdvol" "$build/completions/_rbdvol" "$build/completions/rbdvol.fish" \
		"$build"/man/*.scd >>"$faults"
	bash -n "$build/completions/rbdvol" 2>>"$faults"
	zsh -n "$build/completions/_rbdvol" 2>>"$faults"
	fish --no-execute "$build/completions/rbdvol.fish" 2>>"$faults"
	result "bash, zsh and fish can read theirs"
else
	skip "the completions offer every verb and option" "rbdvol is not built"
	skip "bash, zsh and fish can read theirs" "rbdvol is not built"
fi

# The path's '*' is a word of the manual there, and emphasis begins and ends with the same sign.
if [ -e "$build/man/rbdvold.8.scd" ]; then
	{
		sed -nE 's/^VERB\([A-Z]+, [a-z]+, "([A-Z]+)", "([^"]+)".*/\1 \2/p' base/verbs.def
		sed -nE 's/^	\{"([A-Z]+)", "([^"]+)".*/\1 \2/p' daemon/api.c
	} >"$faults.routes"
	[ "$(wc -l <"$faults.routes")" -ge 21 ] || echo "routes read: $(wc -l <"$faults.routes")" >>"$faults"
	sed -E 's/\*_[A-Z]+_\*?/*/g; s/^\|[ [] \*(.*)$/\1/; s/\*$//' "$build/man/rbdvold.8.scd" >"$faults.page"
	while read -r method path; do
		grep -qxF -e "$method $path" -e "$method ${path%\*}" "$faults.page" ||
			echo "man/rbdvold.8: $method $path is not described"
	done <"$faults.routes" >>"$faults"
	rm -f "$faults.routes" "$faults.page"
	result "every route is in the manual"
else
	skip "every route is in the manual" "the manual is not made"
fi

sed -nE 's/^ERR_KIND\([A-Z_]+, "([a-z-]+)", ([0-9]+), [0-9]+, "(.*)"\)/\2 \1 \3/p' base/err-kinds.def |
	while read -r status code meaning; do
		tr '\n' ' ' <$page | grep -qF "|  $status :  $code :  $meaning " ||
			echo "$page: exit status $status ($code, $meaning) is not in the table"
	done >>"$faults"
result "every exit status is in the manual"

if [ -x "$rbdvol" ]; then
	verbs | needed
	"$rbdvol" --help | sed -nE 's/^  ([a-z]+)\b.*/\1/p' | found
	missing "rbdvol --help: no %s"
	taken | needed
	for verb in $(verbs); do
		"$rbdvol" "$verb" --help | words_after -- | sed "s/^/$verb /"
	done | found
	missing "--help does not tell: %s"
	result "--help tells every verb and option"
else
	skip "--help tells every verb and option" "rbdvol is not built"
fi

sed -nE 's/^DOCKER_OPTION\([a-z_.]+, [A-Z]+, "([a-z-]+)", .*/\1/p' docker/options.def |
	while read -r option; do
		grep -qE "^(\*[a-z]+\*=[^ ]+, )*\*$option\*=" man/rbdvol-docker.7.scd ||
			echo "man/rbdvol-docker.7.scd: $option is not described"
	done >>"$faults"
result "every option of a container volume is in the manual"

for page in man/*.scd man/*.scd.in; do
	made=$page
	[ "${page%.in}" = "$page" ] || made=$build/${page%.in}
	scdoc <"$made" >/dev/null 2>>"$faults" || echo "$page: scdoc fails" >>"$faults"
	name=${page%.in}
	grep -qE "${name%.scd}( |\$)" man/Makemodule.am || echo "$page: not in man/Makemodule.am" >>"$faults"
done
result "every page of the manual is sound and is built"
tests/reports/table | diff docs/reports.md - >>"$faults"
result "docs/reports.md is what the reports say"
finish
