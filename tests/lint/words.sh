#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Plain English: one name for one thing (the glossary in HACKING), no contractions, no word twice.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

# All that people read. What others wrote (licence, recordings, input for fuzzers) stays as it is.
texts()
{
	find README HACKING base ceph rbd mapper volume daemon docker program cli systemd udev-rules boot completions \
		man docs debian tests .ci configure.ac Makefile.am quickstart -type f \
		! -path 'tests/fuzz/corpus/*' ! -path 'tests/record/guest-*' ! -path tests/lint/words.sh \
		! -name '*.svg' ! -name '*.png' 2>/dev/null
}

# One name or word a line; the second column is what to write.
banned_words="folder=directory folders=directories stranger=unknown-client strangers=unknown-clients \
foretell=estimate foretells=estimates foretold=estimated oust=evict ousts=evicts ousted=evicted \
attention=waiter wish=stage-options publish_wish=stage_options shut_out=blocklisted"
for pair in $banned_words; do
	texts | xargs grep -nwiE "${pair%=*}" | sed "s/^\([^:]*:[0-9]*\):.*/\1: ${pair%=*}: write ${pair#*=}/"
done >>"$faults"
result "no word that has another name in the glossary"

texts | xargs grep -nioE "\b[a-z]+n't\b|\b(it|that|there|what|who|he|let)'s (a|an|the|no|not|is)\b" >>"$faults"
result "no contractions"

# A line, and the first word of the next without what begins a comment: a phrase may be at a line's end.
joined=$(mktemp) || exit 1
trap 'rm -f "$faults" "$joined"' EXIT
texts | xargs awk '
	function out(next_word) {
		if (at)
			print at ": " line " " next_word
	}
	FNR == 1 { out(""); at = "" }
	{
		text = $0
		sub(/^[ \t]*([#"*]|\/\/|\/\*)?[ \t]*/, "", text)
		word = text
		sub(/[ \t].*/, "", word)
		out(word)
		line = text
		at = FILENAME ":" FNR
	}
	END { out("") }' >"$joined"

# phrases NAME REGEX [ALLOWED]
phrases()
{
	grep -iE "\b($2)\b" "$joined" | grep -viE "${3:-^$}" >>"$faults"
	result "$1"
}

phrases "nothing is cut short, shut out or handed out; no 'by now', no 'so many'" \
	'cut short|shut out|shuts out|hands? out|handed out|by now|so many'
# "There is no X", "is no longer", "is no more than" are plain.
phrases "'is not a X' instead of 'is no X'" '(is|are|was|were) no [a-z]+' \
	'\bthere (is|are|was|were) no |(is|are|was|were) no (longer|more than) |what of the device is no mounted|: (is|are) no '
phrases "no word stands twice" '(the|an?|to|of|in|is|it|and|that|for|with|be|on|at|as|by|or|was|not|are|has|this|from) \2' 'local at at='
finish
