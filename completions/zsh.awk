# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills in completions/zsh.in: see base/tables.awk.

# TEXT within a quoted specification of _arguments.
function quoted(text) {
	gsub(/'/, "'\\''", text)
	gsub(/\[/, "\\[", text)
	gsub(/\]/, "\\]", text)
	gsub(/:/, "\\:", text)
	return text
}

function action_of(f) {
	if (metavar[f] == "PARENT")
		return ":parent:_rbdvol_volumes"
	if (metavar[f] == "PATH")
		return ":path:_files"
	if (metavar[f] ~ /^[a-z0-9|]+$/)
		return ":" f ":(" words(metavar[f]) ")"
	return metavar[f] == "" ? "" : ":" f ":"
}

function words(alternatives) {
	gsub(/\|/, " ", alternatives)
	return alternatives
}

function spec(f) {
	if (f == "options")
		return "'*'{-o,--options}'[" quoted(flag_help[f]) "]" action_of(f) "'"
	if (f == "help")
		return "'(-h --help)'{-h,--help}'[" quoted(flag_help[f]) "]'"
	return "'--" f "[" quoted(flag_help[f]) "]" action_of(f) "'"
}

$0 == "@EVERY@" {
	for (i = 1; i <= flags; i++)
		if (taken[flag[i]] == " every ")
			print "\t\t" spec(flag[i])
	next
}
$0 == "@VERBS@" {
	for (i = 1; i <= verbs; i++)
		printf "\t\t'%s:%s'\n", verb[i], quoted(help[verb[i]])
	next
}
$0 == "@CASES@" {
	does["VOLUMES"] = "_rbdvol_volumes"
	does["ATTACHED"] = "_rbdvol_attached"
	does["FILES"] = "_files"
	for (i = 1; i <= verbs; i++) {
		v = verb[i]
		printf "\t%s)\n\t\t_arguments $every", v
		for (j = 1; j <= flags; j++)
			if (taken[flag[j]] != " every " && takes(v, flag[j]))
				printf " \\\n\t\t\t%s", spec(flag[j])
		if (completed[v] in does)
			printf " \\\n\t\t\t'*:argument:%s'", does[completed[v]]
		print "\n\t\t;;"
	}
	next
}
{ print }
