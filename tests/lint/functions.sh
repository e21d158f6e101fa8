#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Lengths of functions and files, and calls that the project does without.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

# Functions in this tree begin with a line that is '{' alone and end with one that is '}' alone; that
# is what .clang-format makes of them. Prints LENGTH FILE:LINE for each.
lengths()
{
	c_files | grep '\.c$' | xargs awk '
		FNR == 1 { start = 0 }
		/^{$/ { start = FNR }
		/^}$/ && start { print FNR - start - 1, FILENAME ":" start; start = 0 }'
}

lengths | awk '$1 > 100 { print $2 ": a function of " $1 " lines" }' >>"$faults"
result "no function is longer than 100 lines"
lengths | sort -n | awk '
	{ l[NR] = $1 }
	END {
		median = l[int((NR + 1) / 2)]; p90 = l[int(NR * 0.9)]
		print "# " NR " functions: median " median ", 90th percentile " p90 ", longest " l[NR] > "/dev/stderr"
		if (median > 20) print "the median function has " median " lines, more than 20"
		if (p90 > 60) print "the 90th percentile is " p90 " lines, more than 60"
	}' >>"$faults" 2>"$faults.figures"
cat "$faults.figures"
rm -f "$faults.figures"
result "functions are short: median 20 lines, 90th percentile 60"
c_files | xargs wc -l | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines" }' >>"$faults"
result "no file is longer than 800 lines"
find cli -name 'verb-*.c' -exec wc -l {} + |
	awk '$2 != "total" && $1 > 150 { print $2 ": " $1 " lines" }' >>"$faults"
result "no file of a verb is longer than 150 lines"

# Comments and strings may speak of them.
code()
{
	c_files | xargs awk '
		FNR == 1 { comment = 0 }
		{ gsub(/"([^"\\]|\\.)*"/, "\"\"") }
		comment && !sub(/^.*\*\//, "") { next }
		{ comment = 0; gsub(/\/\*.*\*\//, ""); sub(/\/\/.*/, "") }
		sub(/\/\*.*/, "") { comment = 1 }
		{ print FILENAME ": " $0 }'
}

code | grep -E '\b(sprintf|vsprintf|strcpy|strcat|strncpy|strncat|gets|atoi|atol|atof|strtok|system|popen|alloca|tmpnam|mktemp)[[:space:]]*\(' >>"$faults"
result "no call of functions that cannot be bounded, checked or shared"
code | grep -E '\bgoto\b' >>"$faults"
result "no goto"
code | grep -E '^[^:]*: .*\b(and|bitand|bitor|catch|class|compl|constexpr|decltype|delete|explicit|export|friend|mutable|namespace|new|noexcept|not|nullptr|operator|or|private|protected|public|requires|template|this|throw|try|typeid|typename|using|virtual|xor)\b' >>"$faults"
result "no keyword of C++ is a name"
code | grep -E '\btypedef struct\b' >>"$faults"
result "no struct hides behind a typedef"
c_files | grep '\.c$' | grep -v '^tests/' | xargs grep -E '^static [^=;]*\(' |
	sed -E 's/_printf_\([0-9, ]+\) //; s/^([^:]+):static [^(]*[ *]([a-z0-9_]+) ?\(.*/\2 \1/' | sort -u | awk '
		{ n[$1]++; where[$1] = where[$1] " " $2 }
		END { for (name in n) if (n[name] > 2) print name "():" where[name] }' >>"$faults"
result "a static function whose name would stand in three files has its file's noun"
c_files | xargs grep -L 'SPDX-License-Identifier: LGPL-2.1-or-later' >>"$faults"
result "every C file tells its licence"
finish
