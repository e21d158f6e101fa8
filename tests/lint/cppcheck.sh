#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# cppcheck has nothing to say. Leaks are left to LeakSanitizer and valgrind: cppcheck does not know
# the cleanup attribute. readdir is safe between threads in glibc, as long as each has its own DIR.
. "$(dirname "$0")/tap.sh"
cd "$top" || exit 1

if ! command -v cppcheck >/dev/null; then
	skip "cppcheck has nothing to say" "no cppcheck"
	finish
	exit
fi
for directory in base ceph rbd mapper volume docker daemon program cli udev-rules systemd; do
	find $directory -name '*.c' | grep -q . || continue
	cppcheck --std=c11 --library=gnu,posix --enable=warning,performance,portability --quiet \
		--error-exitcode=1 --inline-suppr --suppress=missingIncludeSystem \
		--suppress=memleak --suppress=resourceLeak --suppress=readdirCalled \
		-I. -D_GNU_SOURCE -DSYSCONFDIR='"/etc"' -DRUNSTATEDIR='"/run"' \
		-DHAVE_RBD_DIFF_ITERATE2=1 -DHAVE_RADOS_BLOCKLIST_ADD=1 \
		-D'TAILQ_FOREACH(v,h,f)=for(v=(h)->tqh_first;v;v=v->f.tqe_next)' \
		$directory >>"$faults" 2>&1
	result "$directory"
done
finish
