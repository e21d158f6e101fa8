/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units and hooks of a host that goes from rbdmap to rbdvol: what is left there of rbdmap. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/rbdmap-plan.h"
#include "cli/rbdmap-tables.h"
#include "cli/rbdmap-units.h"

#define UNIT_MAX_BYTES (1 << 20)
#define DEPTH_MAX      4
#define HOOKS	       SYSCONFDIR "/ceph/rbd.d"

DEFINE_CLEANUP(DIR *, closedir)

typedef int looker(struct rbdmap_plan *p, const char *path, struct err **e);

static int look_below(struct rbdmap_plan *p, const char *directory, looker look, unsigned depth,
		      struct err **e);

/* Files and directories; links to units are systemd's way to enable them, and told by their name.
 */
static int units_look_at(struct rbdmap_plan *p, const char *path, looker look, unsigned depth,
			 struct err **e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? look_below(p, path, look, depth + 1, e) : 0;
	return look(p, path, e);
}

static int look_below(struct rbdmap_plan *p, const char *directory, looker look, unsigned depth,
		      struct err **e)
{
	cleanup(closedir_p) DIR *dir = opendir(directory);
	struct dirent *entry;
	int r = 0;

	while (r >= 0 && dir && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;

		if (*entry->d_name == '.')
			continue;
		if (str_printf(&path, "%s/%s", directory, entry->d_name) < 0)
			return err_oom(e);
		r = units_look_at(p, path, look, depth, e);
	}
	return r;
}

/* --- units --- */

/* Where in a unit something is. */
struct position {
	const char *path;
	unsigned number;
};

static int tell_device(struct rbdmap_plan *p, const struct position *at, const char *word,
		       const char *device, struct err **e)
{
	_cleanup_rbdmap_target_ struct rbdmap_target t = {0};
	bool is_unit = strcmp(word, device);
	int r = rbdmap_target(p, device, &t, e);

	if (r < 0 || !strncmp(device, "/dev/rbdvol/", 12))
		return r;
	if (t.place == PLACE_VOLUME)
		return rbdmap_note(p, e, "%s:%u: in place of %s write %s%s", at->path, at->number,
				   word, is_unit ? "the unit of " : "", t.link);
	if (t.place == PLACE_NUMBER || t.place == PLACE_SEVERAL ||
	    (t.place == PLACE_NOWHERE && !strncmp(device, "/dev/rbd/", 9)))
		return rbdmap_note(p, e,
				   "%s:%u: in place of %s name the volume, as "
				   "/dev/rbdvol/POOL/IMAGE",
				   at->path, at->number, word);
	return 0;
}

/* The path of "dev-rbd-p-v.device". To be freed; NULL: WORD is not the unit of a device. */
static char *device_of_unit(const char *word)
{
	size_t len = strlen(word);
	unsigned byte;
	char *path, *to;

	if (strncmp(word, "dev-", 4) || len < 8 || strcmp(word + len - 7, ".device"))
		return NULL;
	path = to = malloc(len + 2);
	if (!path)
		return NULL;
	*to++ = '/';
	for (const char *c = word; c < word + len - 7; c++) {
		if (*c == '\\' && c[1] == 'x' && sscanf(c + 2, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			c += 3;
		} else {
			*to++ = (char)(*c == '-' ? '/' : *c);
		}
	}
	*to = '\0';
	return path;
}

static int look_at_word(struct rbdmap_plan *p, const struct position *at, const char *word,
			struct err **e)
{
	_cleanup_free_ char *device = device_of_unit(word);

	if (device || !strncmp(word, "/dev/", 5))
		return tell_device(p, at, word, device ? device : word, e);
	if (!strcmp(word, "rbdmap.service"))
		return rbdmap_note(p, e,
				   "%s:%u: in place of rbdmap.service name the unit of the volume, "
				   "rbdvol@NAME.service (systemd-escape)",
				   at->path, at->number);
	return 0;
}

/* "What=UUID=…" is one word; in others the value stands alone. */
static int look_at_line(struct rbdmap_plan *p, const struct position *at, char *line,
			struct err **e)
{
	char *save = NULL, *what = line + strspn(line, " \t");
	int r = 0;

	if (*what == '#' || *what == ';')
		return 0;
	if (!strncmp(what, "What=", 5) && strncmp(what + 5, "/dev/", 5)) {
		what += 5;
		what[strcspn(what, " \t\r")] = '\0';
		return tell_device(p, at, what, what, e);
	}
	for (char *word = strtok_r(line, " \t\r\"'=,;", &save); r >= 0 && word;
	     word = strtok_r(NULL, " \t\r\"'=,;", &save))
		r = look_at_word(p, at, word, e);
	return r;
}

static int look_at_unit(struct rbdmap_plan *p, const char *path, struct err **e)
{
	struct position at = {.path = path};
	_cleanup_free_ char *text = NULL;
	struct stat st;
	char *rest, *line;
	size_t len;
	int r = 0;

	if (lstat(path, &st) < 0)
		return 0;
	if (S_ISLNK(st.st_mode))
		return strstr(path, "/rbdmap.service") && !strstr(path, "/multi-user.target.wants/")
			       ? rbdmap_note(p, e,
					     "%s: remove it: rbdmap.service is not used any more",
					     path)
			       : 0;
	if (!S_ISREG(st.st_mode) || file_read(AT_FDCWD, path, UNIT_MAX_BYTES, &text, &len) < 0)
		return 0;
	rest = text;
	while (r >= 0 && (line = strsep(&rest, "\n"))) {
		at.number++;
		r = look_at_line(p, &at, line, e);
	}
	return r;
}

int rbdmap_plan_units(struct rbdmap_plan *p, struct err **e)
{
	return look_below(p, p->units_path, look_at_unit, 0, e);
}

/* --- hooks --- */

static int look_at_hook(struct rbdmap_plan *p, const char *path, struct err **e)
{
	if (access(path, X_OK) < 0)
		return 0;
	return rbdmap_note(p, e,
			   "%s: nothing runs this hook: make it a unit that is bound to the device "
			   "(BindsTo=) of %s",
			   path, path + strlen(HOOKS "/"));
}

int rbdmap_plan_hooks(struct rbdmap_plan *p, struct err **e)
{
	return look_below(p, HOOKS, look_at_hook, 0, e);
}
