/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each name is a symbolic link whose text is the spec: made and replaced in one step, never half.
 */
#include "docker/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

#define DIRECTORY RUNSTATEDIR "/rbdvol/names"
#define SPEC_MAX  4096

static char *path_of(const char *name)
{
	char *path;

	return str_printf(&path, DIRECTORY "/%s", name) < 0 ? NULL : path;
}

int docker_name_get(const char *name, struct spec *out, struct err **e)
{
	_cleanup_free_ char *path = path_of(name);
	char text[SPEC_MAX];
	ssize_t len;
	int r;

	*out = (struct spec){0};
	if (!path)
		return err_oom(e);
	len = readlink(path, text, sizeof(text) - 1);
	if (len < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot read %s", path);
	text[len] = '\0';
	r = spec_parse(text, "", out, e);
	return r < 0 ? r : 1;
}

int docker_name_put(const char *name, const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *path = path_of(name), *text = spec_format(spec), *temporary = NULL;

	if (!path || !text ||
	    str_printf(&temporary, DIRECTORY "/.%s-%jx", name, (uintmax_t)gettid()) < 0)
		return err_oom(e);
	mkdir(RUNSTATEDIR "/rbdvol", 0755);
	mkdir(DIRECTORY, 0700);
	unlink(temporary);
	if (symlink(text, temporary) < 0 || rename(temporary, path) < 0)
		return err_errno(e, -errno, "cannot write %s", path);
	return 0;
}

/* No name begins so. */
static char *begun_path(const char *name)
{
	char *path;

	return str_printf(&path, DIRECTORY "/.+%s", name) < 0 ? NULL : path;
}

int docker_name_begin(const char *name, const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *path = begun_path(name), *text = spec_format(spec);

	if (!path || !text)
		return err_oom(e);
	mkdir(RUNSTATEDIR "/rbdvol", 0755);
	mkdir(DIRECTORY, 0700);
	unlink(path);
	return symlink(text, path) < 0 ? err_errno(e, -errno, "cannot write %s", path) : 0;
}

bool docker_name_is_begun(const char *name, const struct spec *spec)
{
	_cleanup_free_ char *path = begun_path(name), *text = spec_format(spec);
	char begun[SPEC_MAX];
	ssize_t len = path && text ? readlink(path, begun, sizeof(begun)) : -1;

	return len >= 0 && (size_t)len == strlen(text) && !memcmp(begun, text, (size_t)len);
}

void docker_name_end(const char *name)
{
	_cleanup_free_ char *path = begun_path(name);

	if (path)
		unlink(path);
}

void docker_name_remove(const char *name)
{
	_cleanup_free_ char *path = path_of(name);

	if (path)
		unlink(path);
}

int docker_name_list(struct strlist *out, struct err **e)
{
	_cleanup_dir_ DIR *dir = opendir(DIRECTORY);
	const struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot read " DIRECTORY);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strlist_add(out, "%s", entry->d_name) < 0)
			return err_oom(e);
	return 0;
}
