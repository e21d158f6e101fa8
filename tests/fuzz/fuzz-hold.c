/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody wrote as an image's holds: whatever it is, there is a hold unless it says that
 * there is none; it can be told, and written again, as one text. */
#include <ctype.h>

#include "rbd/hold-state.h"
#include "tests/fuzz/fuzz.h"

static void check_told(const struct hold *h)
{
	_cleanup_free_ char *who = hold_describe(h);

	must(h->host && h->host_name && h->boot_id && h->client_address && who);
	for (const char *c = who; *c; c++)
		must(!iscntrl((unsigned char)*c));
}

static void check_written(const struct hold_state *s)
{
	const struct hold **items = calloc(s->n, sizeof(*items));
	_cleanup_hold_state_ struct hold_state again = {0};
	_cleanup_free_ char *second = NULL;
	char *text;

	must(items);
	for (size_t i = 0; i < s->n; i++)
		items[i] = &s->items[i];
	text = hold_state_format(items, s->n);
	must(text && hold_state_parse(text, strlen(text), &again) == 0 && again.n == s->n);
	for (size_t i = 0; i < s->n; i++)
		items[i] = &again.items[i];
	second = hold_state_format(items, s->n);
	must(second && !strcmp(text, second));
	free(items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_hold_state_ struct hold_state s = {0};
	char *bytes = malloc(size ? size : 1);

	must(bytes);
	memcpy(bytes, data, size);
	must(hold_state_parse(bytes, size, &s) == 0);
	for (size_t i = 0; i < s.n; i++)
		check_told(&s.items[i]);
	if (s.n)
		check_written(&s);
	return 0;
}
