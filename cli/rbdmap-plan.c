/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/rbdmap-plan.h"
#include "base/str.h"
#include "cli/rbdmap-tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define TABLE_MAX_BYTES (1 << 20)
#define FILE_VARIABLE	"RBDMAPFILE"

void rbdmap_plan_deinit(struct rbdmap_plan *p)
{
	free(p->table);
	free(p->fstab);
	free(p->crypttab);
	strlist_deinit(&p->seen);
	rbdmap_devices_deinit(&p->devices);
	json_decref(p->add);
	json_decref(p->present);
	json_decref(p->change);
	json_decref(p->crypt);
	json_decref(p->notes);
}

int rbdmap_read(const char *path, bool must, char **out, struct err **e)
{
	size_t len;
	int r = file_read(AT_FDCWD, path, TABLE_MAX_BYTES, out, &len);

	if (r == -ENOENT && !must)
		return (*out = strdup("")) ? 0 : err_oom(e);
	return r < 0 ? err_errno(e, r, "cannot read %s", path) : 0;
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
		.crypttab_path = path_of("CRYPTTAB", SYSCONFDIR "/crypttab"),
		.units_path = path_of("UNITS", SYSCONFDIR "/systemd/system"),
		.add = json_array(),
		.present = json_array(),
		.change = json_array(),
		.crypt = json_array(),
		.notes = json_array(),
	};
	if (!p->add || !p->present || !p->change || !p->crypt || !p->notes ||
	    rbdmap_devices_read(&p->devices) < 0)
		return err_oom(e);
	r = rbdmap_read(p->table_path, false, &p->table, e);
	if (r < 0)
		return r;
	r = rbdmap_read(p->fstab_path, false, &p->fstab, e);
	return r < 0 ? r : rbdmap_read(p->crypttab_path, false, &p->crypttab, e);
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
static int plan_append(json_t *array, const char *text, struct err **e)
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
		return plan_append(p->present, name, e);
	if (str_printf(&grown, "%s%s%s\n", p->table, len && p->table[len - 1] != '\n' ? "\n" : "",
		       line) < 0)
		return err_oom(e);
	free(p->table);
	p->table = steal(&grown);
	return plan_append(p->add, line, e);
}

int rbdmap_note(struct rbdmap_plan *p, struct err **e, const char *fmt, ...)
{
	_cleanup_free_ char *text = STR_FORMAT(fmt);

	return text ? plan_append(p->notes, text, e) : err_oom(e);
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

/* What is not as it was with rbdmap; WHERE is its line. */
static int plan_notes(struct rbdmap_plan *p, const struct rbdmap_line *l, const char *where,
		      struct err **e)
{
	_cleanup_free_ char *name = spec_format(&l->spec);
	int r = l->keyring ? is_usual(l) : 1;

	if (r < 0 || !name)
		return err_oom(e);
	if (!r)
		r = rbdmap_note(p, e,
				"%s: rbdvold finds keyring %s only by 'keyring =' in ceph.conf or "
				"rbdvol.conf",
				name, l->keyring);
	for (size_t i = 0; r >= 0 && i < l->notes.n; i++)
		r = rbdmap_note(p, e, "%s: %s", where, l->notes.items[i]);
	return r;
}

int rbdmap_plan_add(struct rbdmap_plan *p, struct rbdmap_line *l, const char *where, struct err **e)
{
	_cleanup_free_ char *name = spec_format(&l->spec);
	int r;

	if (name && strlist_has(&p->seen, name))
		return err_set(e, ERR_EXISTS, -EEXIST, "an earlier line is of the same volume");
	if (!name || strlist_add(&p->seen, "%s", name) < 0)
		return err_oom(e);
	if (rbdmap_swaps_to(p, &l->spec) && strlist_add(&l->options, "swap") < 0)
		return err_oom(e);
	r = plan_line(p, l, e);
	return r < 0 ? r : plan_notes(p, l, where, e);
}

/* The last value that TEXT, an environment file of systemd's, gives to RBDMAPFILE; TEXT is cut up.
 * NULL: none. */
static char *assigned(char *text)
{
	static const char name[] = FILE_VARIABLE "=";
	char *line, *value = NULL;

	while ((line = strsep(&text, "\n")))
		if (!strncmp(line, name, strlen(name)))
			value = line + strlen(name);
	if (!value)
		return NULL;
	if (*value == '"' || *value == '\'') {
		char *end = strchr(value + 1, *value);

		if (end)
			*end = '\0';
		return value + 1;
	}
	value[strcspn(value, " \t\r")] = '\0';
	return value;
}

int rbdmap_file(struct rbdmap_plan *p, char **out, struct err **e)
{
	static const char *const environment[] = {SYSCONFDIR "/default/ceph",
						  SYSCONFDIR "/sysconfig/ceph"};
	const char *path = getenv(FILE_VARIABLE);
	_cleanup_free_ char *text = NULL;
	int r = 0;

	for (size_t i = 0; !path && i < ARRAY_SIZE(environment); i++) {
		free(steal(&text));
		r = rbdmap_read(environment[i], false, &text, e);
		path = r < 0 ? NULL : assigned(text);
		if (path)
			r = rbdmap_note(p, e, "%s says that rbdmap reads %s", environment[i], path);
		if (r < 0)
			return r;
	}
	*out = strdup(path && *path ? path : SYSCONFDIR "/ceph/rbdmap");
	return *out ? 0 : err_oom(e);
}
