/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rbdmap-plan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"

#define TABLE_MAX_BYTES (1 << 20)

void rbdmap_plan_deinit(struct rbdmap_plan *p)
{
	free(p->table);
	free(p->fstab);
	strlist_deinit(&p->seen);
	json_decref(p->add);
	json_decref(p->present);
	json_decref(p->change);
	json_decref(p->notes);
}

int rbdmap_read(const char *path, bool must, char **out, struct err **e)
{
	size_t len;
	int r = file_read(AT_FDCWD, path, TABLE_MAX_BYTES, out, &len);

	if (r == -ENOENT && !must)
		return (*out = strdup("")) ? 0 : err_oom(e);
	return r < 0 ? err_errno(e, r, "can't read %s", path) : 0;
}

static const char *path_of(const char *variable, const char *path)
{
	const char *other = getenv(variable);

	return other && *other ? other : path;
}

int rbdmap_plan_init(struct rbdmap_plan *p, struct err **e)
{
	int r;

	*p = (struct rbdmap_plan){
		.table_path = path_of("RBDVOLTAB", SYSCONFDIR "/rbdvoltab"),
		.fstab_path = path_of("FSTAB", SYSCONFDIR "/fstab"),
		.add = json_array(),
		.present = json_array(),
		.change = json_array(),
		.notes = json_array(),
	};
	if (!p->add || !p->present || !p->change || !p->notes)
		return err_oom(e);
	r = rbdmap_read(p->table_path, false, &p->table, e);
	return r < 0 ? r : rbdmap_read(p->fstab_path, false, &p->fstab, e);
}

/* The volume has a line in TEXT. */
static bool has_line(const char *text, bool fstab, const struct spec *spec)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;
	bool found = false;

	while (!found && (line = strsep(&rest, "\n"))) {
		_cleanup_err_ struct err *ignored = NULL;
		_cleanup_spec_ struct spec other = {0};
		char *save = NULL, *word[3] = {NULL};

		for (size_t i = 0; i < ARRAY_SIZE(word); i++)
			word[i] =
				i && !word[i - 1] ? NULL : strtok_r(i ? NULL : line, " \t", &save);
		if (!word[0] || *word[0] == '#' ||
		    (fstab && (!word[2] || strcmp(word[2], "rbdvol"))))
			continue;
		found = spec_parse(word[0], "rbd", &other, &ignored) == 0 &&
			spec_equal(&other, spec);
	}
	return found;
}

/* TEXT may be of any bytes, and JSON takes only UTF-8. */
static int append(json_t *array, const char *text, struct err **e)
{
	if (json_array_append_new(array, json_string(text)) < 0)
		return err_set(e, ERR_USAGE, -EINVAL, "not valid UTF-8");
	return 0;
}

static int plan_line(struct rbdmap_plan *p, const struct rbdmap_line *l, struct err **e)
{
	_cleanup_free_ char *line = rbdmap_volume_line(l), *grown = NULL, *name = NULL;
	size_t len = strlen(p->table);

	name = spec_format(&l->spec);
	if (!line || !name)
		return err_oom(e);
	if (has_line(p->table, false, &l->spec) || has_line(p->fstab, true, &l->spec))
		return append(p->present, name, e);
	if (asprintf(&grown, "%s%s%s\n", p->table, len && p->table[len - 1] != '\n' ? "\n" : "",
		     line) < 0) {
		grown = NULL;
		return err_oom(e);
	}
	free(p->table);
	p->table = steal(&grown);
	return append(p->add, line, e);
}

static int plan_mounts(struct rbdmap_plan *p, const struct rbdmap_line *l, struct err **e)
{
	_cleanup_free_ char *copy = strdup(p->fstab);
	char *rest = copy, *line;

	if (!copy)
		return err_oom(e);
	for (int number = 1; (line = strsep(&rest, "\n")); number++) {
		_cleanup_free_ char *then = NULL;
		int r = rbdmap_fstab_line(l, line, &then);

		if (r < 0)
			return err_oom(e);
		if (r &&
		    json_array_append_new(p->change, json_pack("{s:i, s:s, s:s}", "line", number,
							       "now", line, "then", then)) < 0)
			return err_set(e, ERR_USAGE, -EINVAL, "not valid UTF-8");
	}
	return 0;
}

static int note(struct rbdmap_plan *p, const char *fmt, const char *a, const char *b,
		struct err **e)
{
	return json_array_append_new(p->notes, json_sprintf(fmt, a, b)) < 0 ? err_oom(e) : 0;
}

static const char *option_of(const struct rbdmap_line *l, const char *key, const char *otherwise)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < l->options.n; i++)
		if (!strncmp(l->options.items[i], key, len) && l->options.items[i][len] == '=')
			return l->options.items[i] + len + 1;
	return otherwise;
}

/* 1: librados looks at the keyring by itself; 0: it does not. */
static int is_usual(const struct rbdmap_line *l)
{
	const char *cluster = option_of(l, "cluster", "ceph"), *id = option_of(l, "id", "admin");
	_cleanup_strlist_ struct strlist usual = {0};

	if (strlist_add(&usual, "/etc/ceph/%s.client.%s.keyring", cluster, id) < 0 ||
	    strlist_add(&usual, "/etc/ceph/%s.keyring", cluster) < 0 ||
	    strlist_add(&usual, "/etc/ceph/keyring") < 0 ||
	    strlist_add(&usual, "/etc/ceph/keyring.bin") < 0)
		return -ENOMEM;
	return strlist_has(&usual, l->keyring);
}

/* What rbdmap does for a volume and rbdvol won't. */
static int plan_notes(struct rbdmap_plan *p, const struct rbdmap_line *l, struct err **e)
{
	_cleanup_free_ char *name = spec_format(&l->spec), *hook = NULL;
	int r = l->keyring ? is_usual(l) : 1;

	if (r < 0 || !name || asprintf(&hook, SYSCONFDIR "/ceph/rbd.d/%s", name) < 0) {
		hook = NULL;
		return err_oom(e);
	}
	if (!r)
		r = note(p,
			 "%s: rbdvold finds keyring %s only by 'keyring =' in ceph.conf or "
			 "rbdvol.conf",
			 name, l->keyring, e);
	if (r >= 0 && access(hook, X_OK) == 0)
		r = note(p,
			 "%s: nothing runs its hook %s: make it a unit that is bound to its device",
			 name, hook, e);
	return r;
}

int rbdmap_plan_add(struct rbdmap_plan *p, const struct rbdmap_line *l, struct err **e)
{
	_cleanup_free_ char *name = spec_format(&l->spec);
	int r;

	if (name && strlist_has(&p->seen, name))
		return err_set(e, ERR_EXISTS, -EEXIST, "an earlier line is of the same volume");
	if (!name || strlist_add(&p->seen, "%s", name) < 0)
		return err_oom(e);
	r = plan_line(p, l, e);
	if (r >= 0)
		r = plan_mounts(p, l, e);
	return r < 0 ? r : plan_notes(p, l, e);
}
