# SPDX-License-Identifier: LGPL-2.1-or-later
# Fills in what man/*.scd.in take from the tables: see base/tables.awk.
#
#   @SYNOPSIS@      the verbs with their arguments
#   @VERB name@     the heading of a verb's paragraph
#   @OPTION name@   that of an option, with the verbs that take it
#   @ROUTES@        rows of a table: the routes of the verbs

# One word of a usage line in scdoc's markup: what is to be typed is bold, what stands for something is not.
function markup(word) {
	gsub(/…/, "...", word)
	if (word ~ /--/)
		gsub(/--[a-z-]+/, "*&*", word)
	else if (word ~ /^[a-z0-9|]+$/)
		gsub(/[a-z0-9]+/, "*&*", word)
	gsub(/[A-Z][A-Z]+/, "_&_", word)
	return word
}

function marked(text,    word, n, i, out) {
	n = split(text, word, " ")
	for (i = 1; i <= n; i++)
		out = out " " markup(word[i])
	return out
}

function listed(words) {
	gsub(/^ | $/, "", words)
	gsub(/ /, ", ", words)
	return words
}

function option_heading(f) {
	return (f == "options" ? "*-o*, " : f == "help" ? "*-h*, " : "") "*--" f "*" marked(metavar[f]) \
		(taken[f] == " every " ? "" : " (" listed(taken[f]) ")")
}

function route(v,    at, star) {
	at = path[v]
	star = index(at, "*")
	if (!star)
		return "*" method[v] " " at "*"
	at = "*" method[v] " " substr(at, 1, star - 1) "*_VOLUME_*" substr(at, star + 1) "*"
	sub(/\*\*$/, "", at)
	return at
}

$0 == "@SYNOPSIS@" {
	for (i = 1; i <= verbs; i++)
		print "*rbdvol " verb[i] "* [_OPTION_...]" marked(arguments[verb[i]]) (i < verbs ? "++" : "")
	next
}
$0 == "@ROUTES@" {
	first = "|["
	for (i = 1; i <= verbs; i++) {
		v = verb[i]
		if (path[v] == "")
			continue
		print first " " route(v)
		print ":< " v ": " help[v]
		first = "| "
	}
	next
}
/^@VERB .*@$/ {
	v = substr($2, 1, length($2) - 1)
	if (!(v in help)) {
		print "no verb " v > "/dev/stderr"
		exit 1
	}
	print "*" v "*" marked(arguments[v])
	next
}
/^@OPTION .*@$/ {
	f = substr($2, 1, length($2) - 1)
	if (!(f in flag_help)) {
		print "no option " f > "/dev/stderr"
		exit 1
	}
	print option_heading(f)
	next
}
{ print }
