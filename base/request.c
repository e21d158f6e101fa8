/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/request.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/value.h"

#define NAME_LEN_MAX 64 /* of a cluster, of a user */

const struct request_option request_options[] = {
#define REQUEST_OPTION(field, kind, key, metavar, verbs, help)                                     \
	{key, REQUEST_##kind, metavar, verbs, help, offsetof(struct volume_request, field)},
#include "base/request-options.def"
#undef REQUEST_OPTION
};
const size_t request_options_n = ARRAY_SIZE(request_options);

const struct request_option *request_option_find(enum verb verb, const char *key)
{
	for (size_t i = 0; i < request_options_n; i++)
		if ((request_options[i].verbs & verb) && !strcmp(request_options[i].key, key))
			return &request_options[i];
	return NULL;
}

static int request_set_text(char **field, const char *key, const char *text, struct err **e)
{
	char *copy;

	if (!*text)
		return err_set(e, ERR_USAGE, -EINVAL, "option '%s' has an empty value", key);
	copy = strdup(text);
	if (!copy)
		return err_oom(e);
	free(*field);
	*field = copy;
	return 0;
}

/* Both become part of the paths of files that librados reads for us, with our rights: no name leads
 * out of their directory, nor is one of Ceph's '$variables'. */
static int set_cluster(char **field, const char *key, const char *text, struct err **e)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t len = strlen(text);

	if (len > NAME_LEN_MAX || strspn(text, allowed) != len)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "%s '%.*s' is not a cluster name: letters, digits, '_' and '-', %d "
			       "at most",
			       key, NAME_LEN_MAX, text, NAME_LEN_MAX);
	return request_set_text(field, key, text, e);
}

static int set_user(char **field, const char *key, const char *text, struct err **e)
{
	size_t len = strcspn(text, " ,/$");

	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)text[i]))
			len = i;
	if (text[len] || len > NAME_LEN_MAX)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "%s '%.*s' is not a user name: %d characters at most, and no blank, "
			       "',', '/', '$' or control character",
			       key, NAME_LEN_MAX, text, NAME_LEN_MAX);
	return request_set_text(field, key, text, e);
}

int request_set(struct volume_request *req, enum verb verb, const char *key, const char *text,
		struct err **e)
{
	const struct request_option *o = request_option_find(verb, key);
	void *field;

	if (!o)
		return err_set(e, ERR_USAGE, -EINVAL, "%s takes no option '%s'", verb_name(verb),
			       key);
	field = (char *)req + o->offset;
	switch (o->kind) {
	case REQUEST_TEXT:
		return request_set_text(field, key, text, e);
	case REQUEST_CLUSTER:
		return set_cluster(field, key, text, e);
	case REQUEST_USER:
		return set_user(field, key, text, e);
	case REQUEST_SIZE:
		return value_size(key, text, field, e);
	case REQUEST_VOLUME_SIZE:
		return value_volume_size(key, text, field, e);
	case REQUEST_NUMBER:
		return value_u64(key, text, 1, INT64_MAX, field, e);
	case REQUEST_SECONDS:
		return value_seconds(key, text, field, e);
	case REQUEST_FLAG:
		return value_bool(key, text, field, e);
	}
	return err_set(e, ERR_FAILED, -EINVAL, "option '%s' is of no known kind", key);
}

/* The algorithms of libvirt's vol-wipe; of those an RBD image takes two. */
static int check_algorithm(const char *algorithm, struct err **e)
{
	static const char *const others[] = {"nnsa",	 "dod",	      "bsi",	    "gutmann",
					     "schneier", "pfitzner7", "pfitzner33", "random"};

	if (!algorithm)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "wipe needs an algorithm (--algorithm trim or --algorithm zero)");
	if (!strcmp(algorithm, "trim") || !strcmp(algorithm, "zero"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(algorithm, others[i]))
			return err_set(e, ERR_USAGE, -EINVAL,
				       "algorithm '%s' is for disks that overwrite in place, which "
				       "an RBD image does not: it can be wiped by trim or zero",
				       algorithm);
	return err_set(e, ERR_USAGE, -EINVAL, "no algorithm '%s': there are trim and zero",
		       algorithm);
}

int request_check(const struct volume_request *req, enum verb verb, struct err **e)
{
	if (verb == VERB_WIPE)
		return check_algorithm(req->algorithm, e);
	if (verb == VERB_CREATE && !req->from && !req->size_bytes)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "create needs a parent (--from) or a size (--size)");
	if (req->steal_shared && !req->steal)
		return err_set(e, ERR_USAGE, -EINVAL, "steal-shared requires steal");
	if (req->clone_format && req->clone_format != 1 && req->clone_format != 2)
		return err_set(e, ERR_USAGE, -EINVAL, "the clone format must be 1 or 2");
	if (req->clone_format && !req->from)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "a clone format makes sense only with a parent (--from)");
	if (verb == VERB_ATTACH && req->size_bytes && !req->from)
		return err_set(e, ERR_USAGE, -EINVAL,
			       "attach takes a size only with a parent (--from); an empty volume "
			       "is made by create");
	return 0;
}

int request_no_steal(struct err **e)
{
	err_set(e, ERR_USAGE, -EINVAL, "the option steal is not allowed in fstab and rbdvoltab");
	return err_hint(e, "'rbdvol attach --steal' takes a volume from another host, once");
}

void request_deinit(struct volume_request *req)
{
	free(req->from);
	free(req->map_options);
	free(req->cluster);
	free(req->user);
	free(req->pool);
	free(req->algorithm);
	free(req->name);
	free(req->device);
	*req = (struct volume_request){0};
}
