# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills in completions/bash.in: see base/tables.awk.

function flags_of(v,    i, words) {
	for (i = 1; i <= flags; i++)
		if (v == "" ? taken[flag[i]] == " every " : takes(v, flag[i]))
			words = words " --" flag[i]
	return substr(words, 2)
}

# What the value of the flag F is completed by, as a command; ":" is nothing.
function values_of(f) {
	if (metavar[f] == "PARENT")
		return "_rbdvol_volumes"
	if (metavar[f] == "PATH")
		return "compgen -f -- \"$2\""
	if (metavar[f] == "NAME")
		return "_rbdvol_clusters"
	if (metavar[f] ~ /^[a-z0-9|]+$/)
		return "echo " words(metavar[f])
	return ":"
}

function words(alternatives) {
	gsub(/\|/, " ", alternatives)
	return alternatives
}

$0 == "@VERBS@" {
	for (i = 1; i <= verbs; i++)
		list = list " " verb[i]
	printf "\tlocal verbs='%s'\n\n\tcase $1 in\n", substr(list, 2)
	printf "\t'') echo \"$verbs %s\" ;;\n", flags_of("")
	for (i = 1; i <= verbs; i++)
		printf "\t%s) echo \"%s\" ;;\n", verb[i], flags_of(verb[i])
	print "\tesac"
	next
}
$0 == "@VALUES@" {
	print "\tcase $1 in"
	for (i = 1; i <= flags; i++)
		if (metavar[flag[i]] != "")
			printf "\t%s--%s) %s ;;\n", flag[i] == "options" ? "-o | " : "", flag[i], values_of(flag[i])
	print "\tesac"
	next
}
$0 == "@TAKES@" {
	list = "-o"
	for (i = 1; i <= flags; i++)
		if (metavar[flag[i]] != "")
			list = list " | --" flag[i]
	printf "\tcase $1 in\n\t%s) return 0 ;;\n\t*) return 1 ;;\n\tesac\n", list
	next
}
$0 == "@ARGUMENTS@" {
	does["VOLUMES"] = "_rbdvol_volumes"
	does["ATTACHED"] = "_rbdvol_attached \"$2\""
	does["FILES"] = "compgen -f -- \"$2\""
	print "\tcase $1 in"
	for (i = 1; i <= verbs; i++)
		if (completed[verb[i]] in does)
			printf "\t%s) %s ;;\n", verb[i], does[completed[verb[i]]]
	print "\tesac"
	next
}
{ print }
