/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/finding.h"

#include <string.h>

#include "base/str.h"

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = {"ok", "warning", "error"};

	return names[level];
}

void finding_list_deinit(struct finding_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].text);
		free(l->items[i].advice);
	}
	free(l->items);
	*l = (struct finding_list){0};
}

int finding_add(struct finding_list *l, enum finding_level level, const char *about,
		const char *advice, struct err **e, const char *fmt, ...)
{
	struct finding *grown = reallocarray(l->items, l->n + 1, sizeof(*grown));
	struct finding f = {.level = level, .about = about};

	if (!grown)
		return err_oom(e);
	l->items = grown;
	f.text = STR_FORMAT(fmt);
	if (!f.text)
		return err_oom(e);
	f.advice = advice ? strdup(advice) : NULL;
	if (advice && !f.advice) {
		free(f.text);
		return err_oom(e);
	}
	grown[l->n++] = f;
	return 0;
}
