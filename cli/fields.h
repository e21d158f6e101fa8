/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fields of the daemon's objects as people read them: rows of a table, or lines "label: value". */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct field {
	const char *label;
	const char *key;
	/* The value of KEY in OBJECT in words, to be freed; NULL where it is not there. */
	char *(*value)(const json_t *object, const char *key);
	bool right; /* aligned to the right in a table */
};

char *field_text(const json_t *object, const char *key);
char *field_number(const json_t *object, const char *key);
char *field_size(const json_t *object, const char *key);       /* "10 GiB" */
char *field_size_exact(const json_t *object, const char *key); /* "10 GiB (10737418240 bytes)" */
char *field_age(const json_t *object, const char *key);	       /* seconds as "2 min 5 s" */
char *field_list(const json_t *object, const char *key);       /* "a, b" */

/* ROWS, an array of objects, as a table on stdout, with "-" for what is absent; nothing where there
 * are no rows. */
int fields_print_table(const struct field *fields, size_t n, const json_t *rows, struct err **e);
/* OBJECT as lines on stdout, the values aligned; absent ones are left out. */
void fields_print_lines(const struct field *fields, size_t n, const json_t *object);
/* "VOLUME: DONE, … in the cluster, … before", of KEY of an answer's usage, where it is known. */
void fields_print_space(const json_t *answer, const char *done, const char *key);
