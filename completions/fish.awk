# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills in completions/fish.in: see base/tables.awk.

function quoted(text) {
	gsub(/[\\']/, "\\\\&", text)
	return "'" text "'"
}

function words(alternatives) {
	gsub(/\|/, " ", alternatives)
	return alternatives
}

function value_of(f) {
	if (metavar[f] == "")
		return ""
	if (metavar[f] == "PARENT")
		return " -x -a '(__rbdvol_volumes)'"
	if (metavar[f] == "PATH")
		return " -r -F"
	if (metavar[f] ~ /^[a-z0-9|]+$/)
		return " -x -a " quoted(words(metavar[f]))
	return " -x"
}

function trimmed(text) {
	gsub(/^ | $/, "", text)
	return text
}

$0 == "@VERBS@" {
	does["VOLUMES"] = "(__rbdvol_volumes)"
	does["ATTACHED"] = "(__rbdvol_attached)"
	for (i = 1; i <= verbs; i++)
		printf "complete -c rbdvol -n __fish_use_subcommand -a %s -d %s\n", verb[i], quoted(help[verb[i]])
	for (i = 1; i <= verbs; i++)
		if (completed[verb[i]] in does)
			printf "complete -c rbdvol -n '__fish_seen_subcommand_from %s' -a '%s'\n", verb[i],
				does[completed[verb[i]]]
		else if (completed[verb[i]] == "FILES")
			printf "complete -c rbdvol -n '__fish_seen_subcommand_from %s' -F\n", verb[i]
	next
}
$0 == "@FLAGS@" {
	for (i = 1; i <= flags; i++) {
		f = flag[i]
		letter = f == "options" ? " -s o" : f == "help" ? " -s h" : ""
		condition = taken[f] == " every " ? "" : " -n '__fish_seen_subcommand_from " trimmed(taken[f]) "'"
		printf "complete -c rbdvol%s%s -l %s%s -d %s\n", condition, letter, f, value_of(f), quoted(flag_help[f])
	}
	next
}
{ print }
