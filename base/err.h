/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error object: a kind for programs, a sentence and a hint for people, a negative errno for the
 * caller in between.
 *
 * The rule: int f(..., struct err **e) returns 0 (or a documented positive answer), or a negative
 * errno with *e set, always both. *e must be NULL on entry and is the caller's, to be freed by
 * err_free. Who handles an error prints it; nobody below does. */
#pragma once

#include "base/cleanup.h"

enum err_kind {
#define ERR_KIND(kind, name, exit, http, text) kind,
#include "base/err-kinds.def"
#undef ERR_KIND
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	int code;      /* negative errno */
	char *message; /* one sentence, no newline, no final stop */
	char *hint;    /* what to try, or NULL */
};

/* Make an error and return code, which must be negative. Out of memory leaves a static 'out of
 * memory' object. */
int err_set(struct err **e, enum err_kind kind, int code, const char *fmt, ...) _printf_(4, 5);
/* The same with the kind that fits code best (ENOENT not found, ETIMEDOUT unreachable, EPERM not
 * permitted, …); the sentence gets ': ' and the words of strerror behind it. */
int err_errno(struct err **e, int code, const char *fmt, ...) _printf_(3, 4);
int err_oom(struct err **e);
/* Put "what was being done: " before the message; returns (*e)->code. */
int err_wrap(struct err **e, const char *fmt, ...) _printf_(2, 3);
/* Set what to try, in place of an earlier hint; returns (*e)->code. */
int err_hint(struct err **e, const char *fmt, ...) _printf_(2, 3);
/* Make the same error again; returns its code. */
int err_copy(const struct err *from, struct err **e);
/* The kind that fits a negative errno where nothing better is known. */
enum err_kind err_kind_of(int code);

/* What an errno means in one call; a table of these. */
struct err_meaning {
	int code; /* positive */
	enum err_kind kind;
	const char *why, *hint; /* hint may be NULL */
};
/* The row of the negative errno CODE; NULL: there is none. */
const struct err_meaning *err_meaning_find(const struct err_meaning *rows, size_t n, int code);

void err_free(struct err *e);
DEFINE_CLEANUP(struct err *, err_free)
#define _cleanup_err_ cleanup(err_free_p)

const char *err_name(enum err_kind kind);
int err_exit_status(enum err_kind kind);
unsigned err_http_status(enum err_kind kind);
/* The kind with this name on the wire, ERR_FAILED where there is none. */
enum err_kind err_kind_by_name(const char *name);
