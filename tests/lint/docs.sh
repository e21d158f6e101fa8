#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tables say, the manual, the completions and --help say too: verbs, options, exit statuses.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

page=man/rbdvol.8.scd
rbdvol=${top_builddir:-.}/rbdvol

# One line per option: FLAG VERBS…, from base/request-options.def; "every" stands for all verbs.
options()
{
	{ tr '\n' ' ' <base/request-options.def; echo; } | sed 's/REQUEST_OPTION(/\n&/g' |
		sed -nE 's/^REQUEST_OPTION\([a-z_]+, [A-Z]+, "([a-z_]+)", (NULL|"[^"]*"),([^"]*),[[:space:]]*".*/\1 \3/p' |
		sed -E 's/VERB_//g; s/[|[:space:]]+/ /g' | tr '[:upper:]' '[:lower:]' | tr _ -
}

own_options()
{
	sed -nE 's/^\t\{"([a-z]+)".*FLAG_.*/\1/p' cli/options.c
}

verbs()
{
	sed -nE 's/^\t*\{VERB_([A-Z]+), ".*/\1/p' cli/verb.c | tr '[:upper:]' '[:lower:]'
}

[ "$(options | wc -l)" -eq "$(grep -c '^REQUEST_OPTION' base/request-options.def)" ] ||
	echo "options read: $(options | wc -l)" >>"$faults"
[ "$(verbs | wc -l)" -ge 8 ] || echo "verbs read: $(verbs | wc -l)" >>"$faults"
[ "$(own_options | wc -l)" -ge 5 ] || echo "own options read: $(own_options | wc -l)" >>"$faults"
result "the tables can be read by this test"

for verb in $(verbs); do
	grep -qE "^\*rbdvol $verb\*" $page || echo "$page: no synopsis of $verb" >>"$faults"
	grep -qE "^\*$verb\*" $page || echo "$page: $verb is not described" >>"$faults"
	grep -qE "\b$verb\b" completions/rbdvol || echo "completions/rbdvol: no $verb" >>"$faults"
	grep -q "'$verb:" completions/_rbdvol || echo "completions/_rbdvol: no $verb" >>"$faults"
done
result "every verb is in the manual and in the completions"

options | while read -r flag _; do
	echo "$flag"
done >"$faults.flags"
own_options >>"$faults.flags"
while read -r flag; do
	grep -qE "^(\*-[a-z]\*, )?\*--$flag\*" $page || echo "$page: --$flag is not described"
	grep -qE -e "--$flag\b" completions/rbdvol || echo "completions/rbdvol: no --$flag"
	grep -qE -e "--$flag\b" completions/_rbdvol || echo "completions/_rbdvol: no --$flag"
done <"$faults.flags" >>"$faults"
rm -f "$faults.flags"
result "every option is in the manual and in the completions"

# The verbs that an option belongs to stand behind it in parentheses.
options | while read -r flag of; do
	[ "$of" = every ] && continue
	said=$(sed -nE "s/^(\*-[a-z]\*, )?\*--$flag\*.* \(([a-z, ]+)\)$/\2/p" $page | tr ',' '\n' | xargs -n1 | sort | xargs)
	# shellcheck disable=SC2086 # words
	meant=$(printf '%s\n' $of | sort | xargs)
	[ "$said" = "$meant" ] || echo "$page: --$flag is of '$said', should be of '$meant'"
	for verb in $of; do
		line=$(grep -E "^	([a-z]+ \| )*$verb( \| [a-z]+)*\) echo" completions/rbdvol)
		case $line in
		*"--$flag "*) ;;
		*) echo "completions/rbdvol: $verb lacks --$flag" ;;
		esac
	done
done >>"$faults"
result "every option is said to be of its verbs"

grep -oE -e '--[a-z][a-z-]+' completions/rbdvol completions/_rbdvol | sort -u |
	while IFS=: read -r file flag; do
		{ options | cut -d' ' -f1; own_options; } | grep -qx -e "${flag#--}" || echo "$file: $flag is no option"
	done >>"$faults"
result "the completions know no option that is none"

sed -nE 's/^ERR_KIND\([A-Z_]+, "([a-z-]+)", ([0-9]+), [0-9]+, "(.*)"\)/\2 \1 \3/p' base/err-kinds.def |
	while read -r status code meaning; do
		tr '\n' ' ' <$page | grep -qF "|  $status :  $code :  $meaning " ||
			echo "$page: exit status $status ($code, $meaning) is not in the table"
	done >>"$faults"
result "every exit status is in the manual"

if [ -x "$rbdvol" ]; then
	for verb in $(verbs); do
		"$rbdvol" --help | grep -qE "^  $verb\b" || echo "rbdvol --help: no $verb"
		options | while read -r flag of; do
			case " $of " in
			*" every "* | *" $verb "*)
				"$rbdvol" "$verb" --help | grep -qE -e "--$flag\b" ||
					echo "rbdvol $verb --help: no --$flag"
				;;
			esac
		done
	done >>"$faults"
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

for page in man/*.scd; do
	scdoc <"$page" >/dev/null 2>>"$faults" || echo "$page: scdoc fails" >>"$faults"
	grep -qF "${page%.scd} " man/Makemodule.am || grep -qE "${page%.scd}( |\$)" man/Makemodule.am ||
		echo "$page: not in man/Makemodule.am" >>"$faults"
done
result "every page of the manual is sound and is built"
finish
