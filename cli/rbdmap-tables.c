/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fstab and crypttab of a host that goes from rbdmap to rbdvol. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "cli/rbdmap-lines.h"
#include "cli/rbdmap-plan.h"
#include "cli/rbdmap-tables.h"

void rbdmap_target_deinit(struct rbdmap_target *t)
{
	free(t->volume);
	free(t->link);
	*t = (struct rbdmap_target){0};
}

static int set_target(const struct rbdmap_plan *p, const struct spec *spec, const char *suffix,
		      struct rbdmap_target *out, struct err **e)
{
	out->volume = spec_format(spec);
	out->link = rbdmap_link(spec, suffix);
	out->partition = *suffix;
	if (!out->volume || !out->link)
		return err_oom(e);
	out->planned = strlist_has(&p->seen, out->volume);
	return 0;
}

int rbdmap_target(const struct rbdmap_plan *p, const char *source, struct rbdmap_target *out,
		  struct err **e)
{
	const struct rbdmap_device *device;

	*out = (struct rbdmap_target){.place = PLACE_VOLUME};
	for (size_t i = 0; i < p->seen.n; i++) {
		_cleanup_spec_ struct spec spec = {0};
		const char *suffix;
		int r = spec_parse(p->seen.items[i], "rbd", &spec, e);

		if (r < 0)
			return r;
		suffix = rbdmap_suffix(&spec, source);
		if (suffix)
			return set_target(p, &spec, suffix, out, e);
	}
	out->place = rbdmap_devices_find(&p->devices, source, &device);
	return device && out->place != PLACE_SEVERAL
		       ? set_target(p, &device->spec, device->suffix, out, e)
		       : 0;
}

/* A line of a table, its words cut apart. */
struct table_line {
	const char *path;
	int number;
	const char *text;
	char *copy;
	const char *source, *type, *options; /* "" where there is none; of crypttab no type */
};

static void table_line_deinit(struct table_line *t)
{
	free(t->copy);
}

/* 1: TEXT is neither blank nor a comment. */
static int cut(struct table_line *t, bool crypttab)
{
	char *save = NULL, *word[4] = {NULL};

	t->copy = strdup(t->text);
	if (!t->copy)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(word) && (!i || word[i - 1]); i++)
		word[i] = strtok_r(i ? NULL : t->copy, " \t", &save);
	if (!word[0] || *word[0] == '#' || !word[1])
		return 0;
	t->source = word[crypttab];
	t->type = word[2] && !crypttab ? word[2] : "";
	t->options = word[3] ? word[3] : "";
	return 1;
}

static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if (n == len && !strncmp(p, word, n))
			return true;
		p += n;
	}
	return false;
}

bool rbdmap_swaps_to(const struct rbdmap_plan *p, const struct spec *spec)
{
	_cleanup_free_ char *copy = strdup(p->fstab), *name = spec_format(spec);
	char *rest = copy, *line;
	bool found = false;

	while (name && !found && (line = strsep(&rest, "\n"))) {
		cleanup(table_line_deinit) struct table_line t = {.text = line};
		_cleanup_rbdmap_target_ struct rbdmap_target target = {0};
		_cleanup_err_ struct err *ignored = NULL;

		found = cut(&t, false) > 0 && !strcmp(t.type, "swap") &&
			rbdmap_target(p, t.source, &target, &ignored) >= 0 &&
			target.place == PLACE_VOLUME && !target.partition &&
			!strcmp(target.volume, name);
	}
	return found;
}

static int add_change(json_t *array, const struct table_line *t, const char *then, struct err **e)
{
	if (json_array_append_new(array, json_pack("{s:i, s:s, s:s}", "line", t->number, "now",
						   t->text, "then", then)) < 0)
		return err_set(e, ERR_USAGE, -EINVAL, "%s:%d: not valid UTF-8", t->path, t->number);
	return 0;
}

/* Swap of fstab begins before there is a network; that of rbdvoltab after the attach. */
static int plan_swap(struct rbdmap_plan *p, const struct table_line *t,
		     const struct rbdmap_target *target, struct err **e)
{
	_cleanup_free_ char *then = NULL;
	int r;

	if (target->place == PLACE_LAYERED || target->partition)
		return rbdmap_note(
			p, e,
			"%s:%d: swap on %s begins before the network: make it a unit "
			"that comes after that of volume %s, or swap to the whole volume",
			t->path, t->number, t->source, target->volume);
	if (str_printf(&then, "#%s", t->text) < 0)
		return err_oom(e);
	r = add_change(p->change, t, then, e);
	return r < 0 ? r
		     : rbdmap_note(p, e,
				   "%s:%d: the word swap in rbdvoltab does it, with the "
				   "default priority",
				   t->path, t->number);
}

/* Of a volume that is taken over. */
static int plan_change(struct rbdmap_plan *p, const struct table_line *t, bool crypttab,
		       const struct rbdmap_target *target, struct err **e)
{
	const char *link = target->place == PLACE_LAYERED ? NULL : target->link;
	_cleanup_free_ char *then = NULL;
	int r;

	if (!strcmp(t->type, "rbdvol") || !strncmp(t->source, "/dev/rbdvol/", 12))
		link = NULL;
	if (!strcmp(t->type, "swap"))
		return plan_swap(p, t, target, e);
	r = crypttab ? rbdmap_crypttab_line(t->text, link, &then)
		     : rbdmap_fstab_line(t->text, link, &then);
	if (r < 0)
		return err_oom(e);
	return r ? add_change(crypttab ? p->crypt : p->change, t, then, e) : 0;
}

#define NAME_IT "name the volume, as /dev/rbdvol/POOL/IMAGE, with _netdev and without noauto"

/* What cannot be changed without a person. */
static int table_tell(struct rbdmap_plan *p, const struct table_line *t, const char *file,
		      const struct rbdmap_target *target, struct err **e)
{
	if (target->place == PLACE_VOLUME || target->place == PLACE_LAYERED)
		return rbdmap_note(p, e,
				   "%s:%d: %s is of volume %s, of which %s has no good line: "
				   "write one into rbdvoltab, and " NAME_IT,
				   t->path, t->number, t->source, target->volume, file);
	if (target->place == PLACE_NUMBER)
		return rbdmap_note(p, e, "%s:%d: %s is whichever volume is mapped first: " NAME_IT,
				   t->path, t->number, t->source);
	if (target->place == PLACE_SEVERAL)
		return rbdmap_note(p, e, "%s:%d: several volumes here have %s: " NAME_IT, t->path,
				   t->number, t->source);
	if (target->place == PLACE_NOWHERE && !strncmp(t->source, "/dev/rbd/", 9))
		return rbdmap_note(p, e, "%s:%d: %s has no line in %s", t->path, t->number,
				   t->source, file);
	if (target->place == PLACE_NOWHERE && has_option(t->options, "noauto"))
		return rbdmap_note(p, e,
				   "%s:%d: nothing here has %s now; where it is of a volume that "
				   "rbdmap maps, nobody mounts it at boot any more: " NAME_IT,
				   t->path, t->number, t->source);
	if (rbdmap_hangs_on_service(t->options))
		return rbdmap_note(p, e,
				   "%s:%d: it hangs on rbdmap.service: name the unit of its "
				   "volume, rbdvol@NAME.service (systemd-escape)",
				   t->path, t->number);
	return 0;
}

static int plan_table_line(struct rbdmap_plan *p, const char *file, bool crypttab,
			   struct table_line *t, struct err **e)
{
	_cleanup_rbdmap_target_ struct rbdmap_target target = {0};
	int r = cut(t, crypttab);

	if (r <= 0)
		return r < 0 ? err_oom(e) : 0;
	r = rbdmap_target(p, t->source, &target, e);
	if (r < 0)
		return r;
	return target.planned ? plan_change(p, t, crypttab, &target, e)
			      : table_tell(p, t, file, &target, e);
}

static int plan_table(struct rbdmap_plan *p, const char *file, bool crypttab, struct err **e)
{
	_cleanup_free_ char *copy = strdup(crypttab ? p->crypttab : p->fstab);
	char *rest = copy, *line;
	int r = copy ? 0 : err_oom(e);

	for (int number = 1; r >= 0 && (line = strsep(&rest, "\n")); number++) {
		cleanup(table_line_deinit) struct table_line t = {
			.path = crypttab ? p->crypttab_path : p->fstab_path,
			.number = number,
			.text = line,
		};

		r = plan_table_line(p, file, crypttab, &t, e);
	}
	return r;
}

int rbdmap_plan_tables(struct rbdmap_plan *p, const char *file, struct err **e)
{
	int r = plan_table(p, file, false, e);

	return r < 0 ? r : plan_table(p, file, true, e);
}
