/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /run/rbdvol/users/VOLUME/: a file for each user, and the mark that the device is ours to detach.
 * A name on a tmpfs is there or not, and survives all but a reboot: so empty files do; the mark has
 * the device's serial number in it, once there is one. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "volume/publish-users.h"
#include "volume/publish.h"

#define USERS	 PUBLISH_DIRECTORY "/users"
#define MARK	 ".attached" /* no id's file begins with a dot */
#define NAME_LEN 255

static char *percent_encode(const char *text)
{
	_cleanup_free_ char *out = malloc(3 * strlen(text) + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (const char *c = text; *c; c++) {
		bool plain = isalnum((unsigned char)*c) || *c == '_' || *c == '-' ||
			     (*c == '.' && c != text);

		if (plain && (unsigned char)*c < 0x80)
			out[n++] = *c;
		else
			n += (size_t)snprintf(out + n, 4, "%%%02X", (unsigned char)*c);
	}
	out[n] = '\0';
	return steal(&out);
}

void publish_name_decode(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++)
		if (*c == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])) {
			const char digits[] = {c[1], c[2], '\0'};

			*to++ = (char)strtol(digits, NULL, 16);
			c += 2;
		} else {
			*to++ = *c;
		}
	*to = '\0';
}

char *publish_name(const struct spec *spec)
{
	_cleanup_free_ char *text = spec_format(spec);

	return text ? percent_encode(text) : NULL;
}

static int users_directory(const struct spec *spec, char **out, struct err **e)
{
	_cleanup_free_ char *name = publish_name(spec);

	if (!name || str_printf(out, USERS "/%s", name) < 0) {
		*out = NULL;
		return err_oom(e);
	}
	if (strlen(name) > NAME_LEN)
		return err_set(e, ERR_USAGE, -ENAMETOOLONG,
			       "the volume's name is too long to be mounted by it: %s", name);
	return 0;
}

int publish_spec_check(const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *directory = NULL;

	return users_directory(spec, &directory, e);
}

int publish_make_directory(const char *path, struct err **e)
{
	_cleanup_free_ char *part = strdup(path);

	if (!part)
		return err_oom(e);
	for (char *c = part + strlen(PUBLISH_DIRECTORY); c; c = strchr(c + 1, '/')) {
		char before = *c;

		*c = '\0';
		if (mkdir(part, strcmp(part, PUBLISH_DIRECTORY) ? 0700 : 0755) < 0 &&
		    errno != EEXIST)
			return err_errno(e, -errno, "cannot make the directory %s", part);
		*c = before;
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "cannot make the directory %s", path);
	return 0;
}

/* Make the file NAME with TEXT in the volume's directory. */
static int file_make(const struct spec *spec, const char *name, const char *text, struct err **e)
{
	_cleanup_free_ char *directory = NULL, *path = NULL;
	_cleanup_close_ int fd = -1;
	int r = users_directory(spec, &directory, e);

	if (r < 0)
		return r;
	r = publish_make_directory(directory, e);
	if (r < 0)
		return r;
	if (str_printf(&path, "%s/%s", directory, name) < 0)
		return err_oom(e);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_errno(e, -errno, "cannot write %s", path);
	return 0;
}

/* A descriptor of the volume's directory; -ENOENT without an error where there is none. */
static int directory_open(const struct spec *spec)
{
	_cleanup_free_ char *directory = NULL;
	_cleanup_err_ struct err *why = NULL;
	int fd = users_directory(spec, &directory, &why);

	if (fd >= 0)
		fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 && !why ? -errno : fd;
}

static int user_file(const char *id, char **out, struct err **e)
{
	*out = percent_encode(id);
	if (!*out)
		return err_oom(e);
	if (**out && strlen(*out) <= NAME_LEN)
		return 0;
	err_set(e, ERR_USAGE, -EINVAL,
		**out ? "the id of the mount's user is too long" : "the mount's user has no id");
	return (*e)->code;
}

int publish_user_check(const char *id, struct err **e)
{
	_cleanup_free_ char *file = NULL;

	return user_file(id, &file, e);
}

int publish_user_add(const struct spec *spec, const char *id, struct err **e)
{
	_cleanup_free_ char *file = NULL;
	int r = user_file(id, &file, e);

	return r < 0 ? r : file_make(spec, file, "", e);
}

int publish_user_remove(const struct spec *spec, const char *id, struct err **e)
{
	_cleanup_close_ int fd = directory_open(spec);
	_cleanup_free_ char *file = NULL;
	int r = user_file(id, &file, e);

	if (r < 0 || fd < 0)
		return r;
	if (unlinkat(fd, file, 0) < 0 && errno != ENOENT)
		return err_errno(e, -errno, "cannot forget the user %s", id);
	return 0;
}

/* How many names FD's directory has that are not marks; with REMOVE, which are removed. Takes FD.
 */
static unsigned each_user(int fd, bool remove)
{
	_cleanup_dir_ DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	unsigned n = 0;

	if (!dir)
		close(fd);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (remove)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	return n;
}

int publish_users(const struct spec *spec, unsigned *out, struct err **e)
{
	int fd = directory_open(spec);

	*out = 0;
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(e, fd, "cannot read who uses %s", spec->image);
	*out = each_user(fd, false);
	return 0;
}

int publish_own(const struct spec *spec, uint64_t serial, struct err **e)
{
	char text[32] = "";

	if (serial)
		snprintf(text, sizeof(text), "%" PRIu64, serial);
	return file_make(spec, MARK, text, e);
}

void publish_own_check(const struct spec *spec, uint64_t serial)
{
	_cleanup_close_ int fd = directory_open(spec);
	_cleanup_free_ char *noted = NULL;

	if (fd < 0 || file_read_line(fd, MARK, &noted) < 0 || !*noted)
		return; /* no mark, or cut off before it had a device */
	if (strtoull(noted, NULL, 10) != serial)
		unlinkat(fd, MARK, 0);
}

bool publish_is_own(const struct spec *spec)
{
	_cleanup_close_ int fd = directory_open(spec);

	return fd >= 0 && !faccessat(fd, MARK, F_OK, 0);
}

void publish_users_clear(const struct spec *spec, bool all)
{
	_cleanup_free_ char *directory = NULL;
	_cleanup_err_ struct err *why = NULL;
	int fd = directory_open(spec);

	if (fd < 0)
		return;
	if (all)
		unlinkat(fd, MARK, 0);
	each_user(fd, true);
	if (all && users_directory(spec, &directory, &why) >= 0)
		rmdir(directory);
}

/* Is NAME, below USERS, without users since AGE_US? */
static bool is_idle(int usersfd, const char *name, uint64_t age_us)
{
	struct timespec now;
	struct stat st;
	int fd = openat(usersfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	if (fstat(fd, &st) < 0 || each_user(fd, false))
		return false;
	return st.st_mtim.tv_sec > now.tv_sec ||
	       (uint64_t)(now.tv_sec - st.st_mtim.tv_sec) * USEC_PER_SEC >= age_us;
}

int publish_idle(uint64_t age_us, struct strlist *out, struct err **e)
{
	_cleanup_dir_ DIR *dir = opendir(USERS);
	const struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot read " USERS);
	while ((entry = readdir(dir))) {
		_cleanup_free_ char *name = NULL;

		if (entry->d_name[0] == '.' || !is_idle(dirfd(dir), entry->d_name, age_us))
			continue;
		name = strdup(entry->d_name);
		if (!name)
			return err_oom(e);
		publish_name_decode(name);
		if (strlist_add(out, "%s", name) < 0)
			return err_oom(e);
	}
	return 0;
}
