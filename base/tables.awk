# SPDX-License-Identifier: LGPL-2.1-or-later
# The tables verbs.def, request-options.def and own-options.def as arrays, for what is made of them at build time:
# completions and the reference sections of the manuals. Given before the program that uses it, and the tables before
# its own input:
#
#   verbs, verb[I]                   how many, and their names in order
#   method[V] path[V] arguments[V] completed[V] help[V]      of the verb V
#   flags, flag[I]                   how many, and their names in order, without dashes
#   metavar[F] flag_help[F]          "": the flag takes no value
#   taken[F]                         the verbs that take F, " create attach "; " every "

# The arguments of the macro call in LINE, without quotes, into FIELD[1…]. Returns their number.
function row(line, field,    n, i, c, quoted) {
	sub(/^[A-Z_]+\(/, "", line)
	sub(/\)$/, "", line)
	n = 1
	field[1] = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (c == "\"")
			quoted = !quoted
		else if (c == "," && !quoted)
			field[++n] = ""
		else if (quoted || c != " " || field[n] != "")
			field[n] = field[n] c
	}
	return n
}

function add_flag(name, value, text, verbs_of) {
	gsub(/_/, "-", name)
	flag[++flags] = name
	metavar[name] = value == "NULL" ? "" : value
	flag_help[name] = text
	taken[name] = verbs_of
}

# "VERB_CREATE | VERB_ATTACH" as " create attach ".
function verb_words(set,    word, n, i, words) {
	n = split(tolower(set), word, /[^a-z_]+/)
	for (i = 1; i <= n; i++)
		if (word[i] != "")
			words = words " " substr(word[i], 6)
	return words " "
}

function takes(v, f) {
	return taken[f] == " every " || index(taken[f], " " v " ")
}

/^VERB\(/ {
	row($0, field)
	verb[++verbs] = field[2]
	method[field[2]] = field[3]
	path[field[2]] = field[4]
	arguments[field[2]] = field[9]
	completed[field[2]] = field[12]
	help[field[2]] = field[13]
	next
}
/^REQUEST_OPTION\(/ {
	row($0, field)
	add_flag(field[3], field[4], field[6], verb_words(field[5]))
	next
}
/^OWN_OPTION\(/ {
	row($0, field)
	gsub(/ *SOCKET_PATH */, " /run/rbdvol/api.sock ", field[4])
	gsub(/  +/, " ", field[4])
	add_flag(field[2], field[3], field[4], " every ")
	next
}
FILENAME ~ /\.def$/ { next }
