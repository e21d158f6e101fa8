/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"

static struct err out_of_memory = {
	.kind = ERR_FAILED,
	.code = -ENOMEM,
	.message = (char *)"out of memory",
};

static const struct {
	const char *name;
	int exit;
	unsigned http;
} kinds[] = {
#define ERR_KIND(kind, name, exit, http, text) [kind] = {name, exit, http},
#include "base/err-kinds.def"
#undef ERR_KIND
};

static const struct {
	int code;
	enum err_kind kind;
} kind_of_errno[] = {
	{ENOENT, ERR_NOT_FOUND},
	{ENODEV, ERR_NOT_FOUND},
	{ENXIO, ERR_UNSUPPORTED},
	{EEXIST, ERR_EXISTS},
	{EBUSY, ERR_BUSY},
	{EROFS, ERR_HELD},
	{ETIMEDOUT, ERR_UNREACHABLE},
	{ENOTCONN, ERR_UNREACHABLE},
	{ECONNREFUSED, ERR_UNREACHABLE},
	{ESHUTDOWN, ERR_UNREACHABLE},
	{EHOSTUNREACH, ERR_UNREACHABLE},
	{ENETUNREACH, ERR_UNREACHABLE},
	{EPERM, ERR_NOT_PERMITTED},
	{EACCES, ERR_NOT_PERMITTED},
	{EKEYREJECTED, ERR_NOT_PERMITTED},
	{EOPNOTSUPP, ERR_UNSUPPORTED},
	{ENOSYS, ERR_UNSUPPORTED},
	{ENOSPC, ERR_NO_SPACE},
	{EDQUOT, ERR_NO_SPACE},
	{ENAMETOOLONG, ERR_USAGE},
};

enum err_kind err_kind_of(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind_of_errno); i++)
		if (kind_of_errno[i].code == -code)
			return kind_of_errno[i].kind;
	return ERR_FAILED;
}

/* An error is one line: what came from outside (a name, a value) must not break it. */
static void make_one_line(char *message)
{
	for (; *message; message++)
		if (iscntrl((unsigned char)*message))
			*message = '?';
}

/* Takes message, which may be NULL for 'no memory was left to say it'. */
static int err_make(struct err **e, enum err_kind kind, int code, char *message)
{
	struct err *n = message ? malloc(sizeof(*n)) : NULL;

	if (!n) {
		free(message);
		*e = &out_of_memory;
		return code;
	}
	make_one_line(message);
	*n = (struct err){.kind = kind, .code = code, .message = message};
	*e = n;
	return code;
}

int err_set(struct err **e, enum err_kind kind, int code, const char *fmt, ...)
{
	return err_make(e, kind, code, STR_FORMAT(fmt));
}

int err_errno(struct err **e, int code, const char *fmt, ...)
{
	_cleanup_free_ char *what = STR_FORMAT(fmt);
	char *message = NULL;

	if (what)
		str_printf(&message, "%s: %s", what, strerror(-code));
	return err_make(e, err_kind_of(code), code, message);
}

int err_oom(struct err **e)
{
	*e = &out_of_memory;
	return -ENOMEM;
}

int err_wrap(struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	char *message = NULL;

	if (*e == &out_of_memory)
		return -ENOMEM;
	what = STR_FORMAT(fmt);
	if (what && str_printf(&message, "%s: %s", what, (*e)->message) == 0) {
		free((*e)->message);
		(*e)->message = message;
	}
	return (*e)->code;
}

int err_hint(struct err **e, const char *fmt, ...)
{
	char *hint;

	if (*e == &out_of_memory)
		return -ENOMEM;
	hint = STR_FORMAT(fmt);
	if (hint) {
		free((*e)->hint);
		(*e)->hint = hint;
	}
	return (*e)->code;
}

const struct err_meaning *err_meaning_find(const struct err_meaning *rows, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == -code)
			return &rows[i];
	return NULL;
}

int err_copy(const struct err *from, struct err **e)
{
	err_set(e, from->kind, from->code, "%s", from->message);
	return from->hint ? err_hint(e, "%s", from->hint) : from->code;
}

void err_free(struct err *e)
{
	if (!e || e == &out_of_memory)
		return;
	free(e->message);
	free(e->hint);
	free(e);
}

const char *err_name(enum err_kind kind)
{
	return kinds[kind].name;
}

int err_exit_status(enum err_kind kind)
{
	return kinds[kind].exit;
}

unsigned err_http_status(enum err_kind kind)
{
	return kinds[kind].http;
}

enum err_kind err_kind_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return (enum err_kind)i;
	return ERR_FAILED;
}
