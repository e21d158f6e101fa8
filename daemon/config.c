/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <string.h>

#include "base/deadline.h"
#include "base/str.h"
#include "base/strlist.h"
#include "base/value.h"
#include "daemon/job.h"

#define SECTION	  "rbdvol"
#define COUNT_MAX 1000

enum key_kind { KEY_TEXT, KEY_USER, KEY_PATH, KEY_SECONDS, KEY_COUNT, KEY_IDS, KEY_WORDS };

static const struct {
	const char *name;
	enum key_kind kind;
	size_t offset;
} keys[] = {
	{"cluster", KEY_TEXT, offsetof(struct config, cluster)},
	{"user", KEY_USER, offsetof(struct config, user)},
	{"conf", KEY_PATH, offsetof(struct config, conf)},
	{"keyring", KEY_PATH, offsetof(struct config, keyring)},
	{"pool", KEY_TEXT, offsetof(struct config, pool)},
	{"timeout", KEY_SECONDS, offsetof(struct config, timeout_us)},
	{"cluster-timeout", KEY_SECONDS, offsetof(struct config, cluster_timeout_us)},
	{"plugin-timeout", KEY_SECONDS, offsetof(struct config, plugin_timeout_us)},
	{"stuck-after", KEY_SECONDS, offsetof(struct config, stuck_us)},
	{"trims-at-once", KEY_COUNT, offsetof(struct config, trims_at_once)},
	{"map-options", KEY_TEXT, offsetof(struct config, map_options)},
	{"allow-change", KEY_IDS, offsetof(struct config, changers)},
	{"allow-user", KEY_WORDS, offsetof(struct config, allowed_users)},
	{"allow-cluster", KEY_WORDS, offsetof(struct config, allowed_clusters)},
	{"plugin-pools", KEY_WORDS, offsetof(struct config, plugin_pools)},
	{"plugin-mount-options", KEY_WORDS, offsetof(struct config, plugin_mount_options)},
	{"plugin-map-options", KEY_WORDS, offsetof(struct config, plugin_map_options)},
};

/* One file being read. inih calls the reader for each line and the handler for each value, but
 * tells the handler no line number; so the reader counts, and looks for what inih would take
 * without a word: a line longer than its buffer (split in two), an indented one (more of the value
 * before). */
struct parse {
	struct config *config;
	struct strlist *problems;
	const char *file;
	FILE *stream;
	char *text; /* of the line, as getline keeps it */
	size_t room;
	unsigned line;
	unsigned bad_line; /* the last one with a problem */
	unsigned seen;	   /* keys of this file, by their number */
	bool no_memory;
};

static void _printf_(2, 3) problem(struct parse *p, const char *fmt, ...)
{
	_cleanup_free_ char *text = STR_FORMAT(fmt);

	if (!text || strlist_add(p->problems, "%s:%u: %s", p->file, p->line, text) < 0)
		p->no_memory = true;
	p->bad_line = p->line;
}

static int config_set_text(char **field, const char *value, struct err **e)
{
	char *copy = strdup(value);

	if (!copy)
		return err_oom(e);
	free(*field);
	*field = copy;
	return 0;
}

static int set_path(char **field, const char *value, struct err **e)
{
	if (*value != '/')
		return err_set(e, ERR_USAGE, -EINVAL, "'%s' is not an absolute path", value);
	return config_set_text(field, value, e);
}

static int set_user(char **field, const char *value, struct err **e)
{
	if (!strncmp(value, "client.", 7))
		return err_set(e, ERR_USAGE, -EINVAL, "write the user without 'client.'");
	return config_set_text(field, value, e);
}

/* What blanks or commas part in VALUE. */
static int split(const char *value, struct strlist *out, struct err **e)
{
	const char *word = value;

	while (*(word += strspn(word, " \t,"))) {
		int len = (int)strcspn(word, " \t,");

		if (strlist_add(out, "%.*s", len, word) < 0)
			return err_oom(e);
		word += len;
	}
	return 0;
}

/* In place of those of an earlier file, as set_words. */
static int set_ids(struct id_list *field, const char *value, struct err **e)
{
	_cleanup_strlist_ struct strlist words = {0};
	struct id_list ids = {0};
	int r = split(value, &words, e);

	for (size_t i = 0; !r && i < words.n; i++)
		r = id_list_add(&ids, words.items[i], e);
	id_list_deinit(r < 0 ? &ids : field);
	if (!r)
		*field = ids;
	return r;
}

static int set_words(struct strlist *field, const char *value, struct err **e)
{
	_cleanup_strlist_ struct strlist words = {0};
	int r = split(value, &words, e);

	if (r < 0)
		return r;
	strlist_deinit(field);
	*field = words;
	words = (struct strlist){0};
	return 0;
}

static int set_key(struct config *c, size_t i, const char *value, struct err **e)
{
	void *field = (char *)c + keys[i].offset;

	switch (keys[i].kind) {
	case KEY_TEXT:
		return config_set_text(field, value, e);
	case KEY_USER:
		return set_user(field, value, e);
	case KEY_PATH:
		return set_path(field, value, e);
	case KEY_SECONDS:
		return value_seconds(keys[i].name, value, field, e);
	case KEY_COUNT:
		return value_u64(keys[i].name, value, 1, COUNT_MAX, field, e);
	case KEY_IDS:
		return set_ids(field, value, e);
	case KEY_WORDS:
		return set_words(field, value, e);
	}
	return err_set(e, ERR_FAILED, -EINVAL, "'%s' is of no known kind", keys[i].name);
}

/* inih's handler: nonzero is 'go on'; problems are kept by us. */
static int on_value(void *arg, const char *section, const char *name, const char *value)
{
	_cleanup_err_ struct err *e = NULL;
	struct parse *p = arg;
	size_t i = 0;

	if (p->bad_line == p->line)
		return 1;
	while (i < ARRAY_SIZE(keys) && strcmp(keys[i].name, name))
		i++;
	if (strcmp(section, SECTION))
		problem(p, "'%s' stands in no section [" SECTION "]", name);
	else if (i == ARRAY_SIZE(keys))
		problem(p, "there is no key '%s'", name);
	else if (p->seen & 1u << i)
		problem(p, "'%s' is given twice", name);
	else if (!value || !*value)
		problem(p, "'%s' has no value", name);
	else if (set_key(p->config, i, value, &e) < 0)
		problem(p, "%s: %s", name, e->message);
	if (i < ARRAY_SIZE(keys))
		p->seen |= 1u << i;
	return 1;
}

static void check_section(struct parse *p, const char *line)
{
	size_t len = strcspn(line + 1, "]");

	if (line[1 + len] != ']')
		problem(p, "the section's name has no ']'");
	else if (len != strlen(SECTION) || strncmp(line + 1, SECTION, len))
		problem(p, "there is no section [%.*s]", (int)len, line + 1);
}

static void check_line(struct parse *p, const char *line)
{
	const char *text = line + strspn(line, " \t\r\n");

	if (!*text || *text == '#' || *text == ';')
		return;
	if (text != line)
		problem(p, "the line is indented");
	else if (*text == '[')
		check_section(p, text);
	else if (!strpbrk(text, "=:"))
		problem(p, "neither [section] nor key = value");
}

/* inih's reader: a line as fgets gives it, or a comment in place of one that is bad, so that inih
 * goes on. */
static char *next_line(char *buf, int size, void *arg)
{
	struct parse *p = arg;
	ssize_t len = getline(&p->text, &p->room, p->stream);

	if (len < 0)
		return NULL;
	p->line++;
	if (memchr(p->text, '\0', (size_t)len))
		problem(p, "the line has a NUL byte in it");
	else if (len >= size)
		problem(p, "the line is longer than %d bytes", size - 2);
	else
		check_line(p, p->text);
	snprintf(buf, (size_t)size, "%s", p->bad_line == p->line ? "#\n" : p->text);
	return buf;
}

static int read_file(const char *file, bool must_exist, struct config *c, struct strlist *problems,
		     struct err **e)
{
	_cleanup_fclose_ FILE *stream = fopen(file, "re");
	struct parse p = {.config = c, .problems = problems, .file = file, .stream = stream};
	int r;

	if (!stream && errno == ENOENT && !must_exist)
		return 0;
	if (!stream)
		return err_errno(e, -errno, "configuration %s", file);
	r = ini_parse_stream(next_line, &p, on_value, &p);
	free(p.text);
	if (ferror(stream))
		return err_errno(e, -EIO, "configuration %s", file);
	if (r < 0 || p.no_memory)
		return err_oom(e);
	if (r > 0 && !p.bad_line && strlist_add(problems, "%s:%d: not understood", file, r) < 0)
		return err_oom(e);
	return 0;
}

static int is_drop_in(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 && !strcmp(d->d_name + len - 5, ".conf");
}

static int read_drop_ins(const char *file, struct config *c, struct strlist *problems,
			 struct err **e)
{
	_cleanup_free_ char *directory = NULL;
	struct dirent **entries = NULL;
	int n, r = 0;

	if (str_printf(&directory, "%s.d", file) < 0)
		return err_oom(e);
	n = scandir(directory, &entries, is_drop_in, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "configuration %s", directory);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;

		if (!r && str_printf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
			r = err_oom(e);
		if (!r)
			r = read_file(path, true, c, problems, e);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int set_defaults(struct config *c, struct err **e)
{
	int r = config_set_text(&c->cluster, "ceph", e);

	if (!r)
		r = config_set_text(&c->pool, "rbd", e);
	c->plugin_timeout_us = 45 * USEC_PER_SEC / 10; /* Podman gives up after 5 s */
	c->timeout_us = 30 * USEC_PER_SEC;
	/* Less than a request's, so that the answer can be the reason instead of 'still running';
	 * more than the 20 s after which OSDs report a dead one. */
	c->cluster_timeout_us = 25 * USEC_PER_SEC;
	c->trims_at_once = 2;
	c->stuck_us = job_limits_default.stuck_us; /* all our waits are shorter */
	return r;
}

static int config_refuse(const struct strlist *problems, struct err **e)
{
	err_set(e, ERR_USAGE, -EINVAL, "%s", problems->items[0]);
	for (size_t i = 1; i < problems->n; i++) {
		_cleanup_err_ struct err *before = *e;

		*e = NULL;
		err_set(e, ERR_USAGE, -EINVAL, "%s; %s", before->message, problems->items[i]);
	}
	return -EINVAL;
}

int config_load(const char *file, bool must_exist, struct config *out, struct err **e)
{
	_cleanup_strlist_ struct strlist problems = {0};
	_cleanup_config_ struct config c = {0};
	int r = set_defaults(&c, e);

	if (!r)
		r = read_file(file, must_exist, &c, &problems, e);
	if (!r)
		r = read_drop_ins(file, &c, &problems, e);
	if (!r && problems.n)
		r = config_refuse(&problems, e);
	if (r < 0)
		return r;
	*out = c;
	c = (struct config){0};
	return 0;
}

void config_deinit(struct config *c)
{
	free(c->cluster);
	free(c->user);
	free(c->conf);
	free(c->keyring);
	free(c->pool);
	free(c->map_options);
	id_list_deinit(&c->changers);
	strlist_deinit(&c->allowed_users);
	strlist_deinit(&c->allowed_clusters);
	strlist_deinit(&c->plugin_pools);
	strlist_deinit(&c->plugin_mount_options);
	strlist_deinit(&c->plugin_map_options);
	*c = (struct config){0};
}
