/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that mount(8) gives to mount.rbdvol: VOLUME DIRECTORY [-fnsv] [-N NS] [-o OPTIONS] [-t
 * TYPE]. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/filesystem.h"
#include "base/str.h"
#include "base/value.h"
#include "cli/mount-options.h"

void mount_request_deinit(struct mount_request *m)
{
	free(m->volume);
	free(m->directory);
	free(m->mkfs);
	free(m->type);
	free(m->rest);
	strlist_deinit(&m->flags);
	*m = (struct mount_request){0};
}

static int mount_set_text(char **field, const char *what, const char *value, struct err **e)
{
	if (!value || !*value)
		return err_set(e, ERR_USAGE, -EINVAL, "the option %s= has no value", what);
	free(*field);
	*field = strdup(value);
	return *field ? 0 : err_oom(e);
}

static int set_type(char **field, const char *what, const char *value, struct err **e)
{
	int r = value ? value_filesystem(value, e) : 0;

	return r < 0 ? r : mount_set_text(field, what, value, e);
}

static int add_map_option(struct cli *cli, const char *value, struct err **e)
{
	_cleanup_free_ char *both = NULL;
	const char *before = cli->request.map_options;

	if (!value || !*value)
		return err_set(e, ERR_USAGE, -EINVAL, "the option map= has no value");
	if (str_printf(&both, "%s%s%s", before ? before : "", before ? "," : "", value) < 0)
		return err_oom(e);
	return cli_set_option(cli, VERB_ATTACH, "options", both, e);
}

/* rbdvol-generator hands it to the unit that unmounts. */
static int check_umount_timeout(const char *value, struct err **e)
{
	uint64_t us;

	return value_seconds("umount_timeout", value ? value : "", &us, e);
}

/* 1: the word was ours; 0: it is mount's. */
static int take_word(struct cli *cli, struct mount_request *m, const char *key, const char *value,
		     struct err **e)
{
	int r;

	if (!strcmp(key, "mkfs"))
		r = set_type(&m->mkfs, key, value, e);
	else if (!strcmp(key, "fstype"))
		r = set_type(&m->type, key, value, e);
	else if (!strcmp(key, "part"))
		r = value_partition(value ? value : "", &m->partition, e);
	else if (!strcmp(key, "map"))
		r = add_map_option(cli, value, e);
	else if (!strcmp(key, "retry"))
		r = value_seconds(key, value ? value : "", &cli->retry_us, e);
	else if (!strcmp(key, "umount_timeout"))
		r = check_umount_timeout(value, e);
	else if (!strcmp(key, "new_uuid"))
		r = value_bool(key, value ? value : "yes", &m->new_uuid, e);
	else if (!strcmp(key, "steal") || !strcmp(key, "steal_shared"))
		r = request_no_steal(e);
	else if (strcmp(key, "options") && request_option_find(VERB_ATTACH, key))
		r = cli_set_option(cli, VERB_ATTACH, key, value ? value : "yes", e);
	else
		return 0;
	return r < 0 ? r : 1;
}

static int read_word(struct cli *cli, struct mount_request *m, char *word, FILE *rest,
		     struct err **e)
{
	char *value = strchr(word, '=');
	int r;

	if (value)
		*value++ = '\0';
	r = take_word(cli, m, word, value, e);
	if (r < 0)
		return r;
	if (!strcmp(word, "remount"))
		m->remount = true;
	if (!strcmp(word, "ro"))
		r = cli_set_option(cli, VERB_ATTACH, "read_only", "yes", e);
	if (!strcmp(word, "read_only"))
		fputs("ro,", rest);
	else if (r == 0)
		fprintf(rest, "%s%s%s,", word, value ? "=" : "", value ? value : "");
	return r < 0 ? r : 0;
}

/* Commas part the words, but not within quotes (context="a,b"). */
static char *next_word(char **text)
{
	char *word = *text;
	bool quoted = false;

	if (!word)
		return NULL;
	for (char *p = word; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == ',' && !quoted) {
			*p = '\0';
			*text = p + 1;
			return word;
		}
	}
	*text = NULL;
	return word;
}

static int mount_read_options(struct cli *cli, struct mount_request *m, char *options,
			      struct err **e)
{
	size_t len;
	FILE *rest;
	char *word;
	int r = 0;

	free(m->rest);
	m->rest = NULL;
	rest = open_memstream(&m->rest, &len);
	if (!rest)
		return err_oom(e);
	while (r >= 0 && (word = next_word(&options)))
		if (*word)
			r = read_word(cli, m, word, rest, e);
	if (fclose(rest))
		return err_oom(e);
	return r;
}

static int read_flag(struct cli *cli, struct mount_request *m, int c, struct err **e)
{
	const char *dot;

	switch (c) {
	case 'o':
		return mount_read_options(cli, m, optarg, e);
	case 't': /* rbdvol.ext4 */
		dot = strchr(optarg, '.');
		return dot ? set_type(&m->type, "-t", dot + 1, e) : 0;
	case 'N':
		return strlist_add(&m->flags, "-N") < 0 || strlist_add(&m->flags, "%s", optarg) < 0
			       ? err_oom(e)
			       : 0;
	case 'f':
		m->fake = true;
		return 0;
	case 'n':
	case 's':
	case 'v':
		return strlist_add(&m->flags, "-%c", c) < 0 ? err_oom(e) : 0;
	default:
		return err_set(e, ERR_USAGE, -EINVAL,
			       "mount.rbdvol VOLUME DIRECTORY [-fnsv] [-N NAMESPACE] [-o OPTIONS]");
	}
}

int mount_request_parse(struct cli *cli, int argc, char **argv, struct mount_request *m,
			struct err **e)
{
	int r = 0, c;

	opterr = 0;
	optind = 0;
	while (r >= 0 && (c = getopt(argc, argv, "fnsvN:o:t:")) != -1)
		r = read_flag(cli, m, c, e);
	if (r >= 0 && argc - optind != 2)
		r = read_flag(cli, m, '?', e);
	if (r < 0)
		return r;
	m->volume = strdup(argv[optind]);
	m->directory = realpath(argv[optind + 1], NULL);
	if (!m->directory)
		return err_errno(e, -errno, "cannot mount on %s", argv[optind + 1]);
	if (!m->rest)
		m->rest = strdup("");
	if (!m->volume || !m->rest)
		return err_oom(e);
	if (m->mkfs && m->partition)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "mkfs= makes a file system on a whole volume, not on a partition");
	if (m->mkfs && cli->request.size_bytes &&
	    filesystem_check_size(m->mkfs, cli->request.size_bytes, e) < 0)
		return (*e)->code;
	if (m->new_uuid && cli->request.read_only)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "new_uuid writes to the volume, so it excludes ro");
	/* size= alone makes an empty volume first. */
	return cli->request.size_bytes && !cli->request.from
		       ? 0
		       : request_check(&cli->request, VERB_ATTACH, e);
}
