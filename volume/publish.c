/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/publish.h"
#include "base/filesystem-options.h"
#include "base/filesystem.h"
#include "base/str.h"
#include "mapper/device.h"
#include "mapper/filesystems.h"
#include "mapper/mapping.h"
#include "volume/alive.h"
#include "volume/host.h"
#include "volume/progress.h"
#include "volume/publish-notes.h"
#include "volume/publish-users.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mapper/grow.h"

#include "mapper/mounts.h"
#include "mapper/probe.h"
#include "volume/blank.h"
#include "volume/filesystem.h"

#define MOUNTS	  PUBLISH_DIRECTORY "/mounts"
#define NOTE_MKFS "rbdvol.mkfs" /* the type, while a file system is being made */
#define UNDO_US	  (20 * USEC_PER_SEC)
#define PROBE_US  (30 * USEC_PER_SEC)
#define LONG_US                                                                                    \
	(3600 * USEC_PER_SEC) /* mkfs, e2fsck: of what is large, and killed it is for nothing */
#define MOUNTS_STACKED 16

void stage_options_deinit(struct stage_options *w)
{
	free(w->fs);
	free(w->mkfs_options);
	free(w->mount_options);
	free(w->map_options);
	*w = (struct stage_options){0};
}

static int exclude(const char *one, const char *other, struct err **e)
{
	return err_set(e, ERR_USAGE, -EINVAL, "%s and %s exclude each other", one, other);
}

/* What is for reading only, and what wants it otherwise. */
static int check_read_only(const struct stage_options *w, unsigned long flags, bool rw,
			   struct err **e)
{
	if (w->read_only && w->shared)
		return exclude("read-only", "shared", e);
	if (w->read_only && rw)
		return exclude("read-only", "the mount option 'rw'", e);
	if ((w->read_only || flags & MS_RDONLY) && (w->mode_given || w->uid_given || w->gid_given))
		return err_set(
			e, ERR_USAGE, -EINVAL,
			"the root directory of a volume that is read-only cannot be changed");
	return 0;
}

int stage_options_check(const struct stage_options *w, struct err **e)
{
	_cleanup_krbd_options_ struct krbd_options options = {0};
	unsigned long flags = 0;
	int r = w->fs ? filesystem_known(w->fs, true, e) : 0;

	if (r >= 0 && w->mkfs_options)
		r = w->fs ? mkfs_options_check(w->fs, w->mkfs_options, e)
			  : err_set(e, ERR_USAGE, -EINVAL,
				    "options for mkfs make sense only with a file system to make");
	if (r >= 0)
		r = mount_options_parse(w->fs, w->mount_options, &flags, NULL, e);
	if (r >= 0 && w->map_options)
		r = krbd_options_parse(w->map_options, &options, e);
	if (r < 0)
		return r;
	r = check_read_only(w, flags, mount_options_have(w->mount_options, "rw"), e);
	return r < 0 ? r : 0;
}

char *publish_directory(const struct spec *spec)
{
	_cleanup_free_ char *name = publish_name(spec);
	char *out;

	return name && str_printf(&out, MOUNTS "/%s", name) == 0 ? out : NULL;
}

enum { STATE_FREE, STATE_STAGED, STATE_DEAD };

bool publish_is_gone(dev_t dev)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	return major(dev) && access(path, F_OK) < 0;
}

/* STATE_STAGED: the volume itself is mounted on DIRECTORY; STATE_FREE: nothing; STATE_DEAD: what
 * was, before its device was taken away; -EBUSY: something that is not ours. */
static int state_of(const struct spec *spec, const char *directory, struct err **e)
{
	_cleanup_device_list_ struct device_list all = {0};
	dev_t dev;
	int r = mount_find(directory, &dev, e);

	if (r > 0)
		r = device_list(&all, e) < 0 ? (*e)->code : 1;
	if (r <= 0)
		return r;
	/* The number of a device that has gone is given to the next. */
	for (size_t i = 0; i < all.n; i++)
		if (all.items[i].dev == dev)
			return spec_equal(spec, &all.items[i].spec) ? STATE_STAGED : STATE_DEAD;
	if (publish_is_gone(dev))
		return STATE_DEAD;
	return err_set(e, ERR_BUSY, -EBUSY, "something else than %s is mounted on %s", spec->image,
		       directory);
}

int publish_is_staged(const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *directory = publish_directory(spec);
	int r = directory ? state_of(spec, directory, e) : err_oom(e);

	return r < 0 ? r : r == STATE_STAGED;
}

static int unmount_all(const struct spec *spec, const char *directory, struct progress *p,
		       struct err **e)
{
	dev_t dev;
	int r = 1;

	for (int i = 0; i < MOUNTS_STACKED && r > 0; i++) {
		r = mount_find(directory, &dev, e);
		if (r <= 0)
			break;
		if (p->step)
			p->step(p, "unmount");
		r = filesystem_umount(directory, e);
		if (r < 0)
			return err_wrap(e, "%s", spec->image);
		r = 1;
	}
	if (r >= 0)
		rmdir(directory);
	return r;
}

/* One staging under way. */
struct staging {
	struct host *host;
	const struct spec *spec;
	const struct stage_options *options;
	struct progress *progress;
	char *directory;
	struct volume_info v;
	char *type; /* of the file system */
	bool read_only;
};

static void staging_deinit(struct staging *s)
{
	free(s->directory);
	free(s->type);
	volume_info_deinit(&s->v);
}

static void step(struct staging *s, const char *name)
{
	if (s->progress->step)
		s->progress->step(s->progress, name);
}

/* --- the file system --- */

static int refuse_no_filesystem(const struct staging *s, const char *what, struct err **e)
{
	err_set(e, ERR_FAILED, -EMEDIUMTYPE, "%s on %s", what, s->spec->image);
	return err_hint(
		e, "to have one made, give its type; the volume must be blank and not a clone");
}

/* What is noted while a file system is being made: of this image alone, not of one that inherits
 * its notes. The caller frees it; NULL when out of memory. */
static char *mkfs_note(const struct staging *s)
{
	char *out;

	return str_printf(&out, "%s %s", s->v.image.id ? s->v.image.id : "", s->options->fs) < 0
		       ? NULL
		       : out;
}

static int staging_make(struct staging *s, struct err **e)
{
	_cleanup_content_ struct content content = {0};
	_cleanup_free_ char *note = mkfs_note(s);
	const char *node = s->v.device.node;
	int r = note ? publish_note_set(s->host, s->spec, NOTE_MKFS, note, e) : err_oom(e);

	step(s, "mkfs");
	if (r >= 0)
		r = filesystem_make(node, s->options->fs, s->options->mkfs_options,
				    deadline_in(LONG_US), e);
	if (r >= 0)
		r = probes_content(host_probes(s->host), node, deadline_in(PROBE_US), &content, e);
	if (r >= 0 && (!content.type || strcmp(content.type, s->options->fs)))
		r = err_set(e, ERR_FAILED, -EIO, "mkfs left no %s file system on %s",
			    s->options->fs, node);
	if (r < 0)
		return r;
	r = publish_note_set(s->host, s->spec, NOTE_MKFS, "", e);
	if (r < 0)
		return r;
	s->type = steal(&content.type);
	return 0;
}

/* 1: we began to make a file system here and were cut off, so what is there is of our making. */
static int was_cut_off(struct staging *s, struct err **e)
{
	_cleanup_free_ char *noted = NULL, *note = mkfs_note(s);
	int r = publish_note_get(s->host, s->spec, NOTE_MKFS, &noted, e);

	if (!note)
		return err_oom(e);
	return r <= 0 ? r : !strcmp(noted, note);
}

/* From here on the file system is somebody's: should it be seen no more, it is not made anew. */
static int forget_cut_off(struct staging *s, struct err **e)
{
	_cleanup_free_ char *noted = NULL;
	int r = s->options->fs ? publish_note_get(s->host, s->spec, NOTE_MKFS, &noted, e) : 0;

	return r <= 0 ? r : publish_note_set(s->host, s->spec, NOTE_MKFS, "", e);
}

static int is_blank(struct staging *s, char **out_what, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(s->host, &req, &c, e);

	return r < 0 ? r : volume_prove_blank(s->host, c, &s->v, s->progress, out_what, e);
}

/* No file system is seen on the device. */
static int make_on_blank(struct staging *s, struct err **e)
{
	_cleanup_free_ char *what = NULL, *why = NULL;
	int r;

	if (!s->options->fs || s->read_only || s->spec->snap)
		return refuse_no_filesystem(s, "there is no file system", e);
	if (s->v.image.parent.image || s->v.image.from)
		return refuse_no_filesystem(s, "there is no file system that rbdvol supports", e);
	r = is_blank(s, &what, e);
	if (!r)
		r = was_cut_off(s, e);
	if (!r) {
		if (str_printf(&why, "there is %s, and no file system,", what) < 0)
			return err_oom(e);
		return refuse_no_filesystem(s, why, e);
	}
	return r < 0 ? r : staging_make(s, e);
}

static int find_type(struct staging *s, struct err **e)
{
	_cleanup_content_ struct content content = {0};
	int r = probes_content(host_probes(s->host), s->v.device.node, deadline_in(PROBE_US),
			       &content, e);

	if (r < 0)
		return r;
	if (content.type) {
		r = filesystem_unfinished(s->v.device.node, content.type, e);
		if (r)
			return r < 0 ? r : make_on_blank(s, e);
		s->type = steal(&content.type);
		r = filesystem_known(s->type, false, e);
		return r < 0 ? r : forget_cut_off(s, e);
	}
	if (content.partition_table)
		return refuse_no_filesystem(s, "there are partitions, and no file system,", e);
	return make_on_blank(s, e);
}

/* 1: the kernel has it mounted already, in whatever mount namespace: a mount joins that, and a
 * check would see what is being written. 0: not; or negative. */
static int is_mounted_anywhere(struct staging *s, struct err **e)
{
	_cleanup_mounted_list_ struct mounted_list mounts = {0};
	int r = device_filesystems(&s->v.device, &mounts, e);

	return r < 0 ? r : mounts.n || mounts.unreached.n;
}

static int staging_check(struct staging *s, struct err **e)
{
	int r = s->read_only ? 1 : is_mounted_anywhere(s, e);

	if (r)
		return r < 0 ? r : 0;
	step(s, "check");
	r = filesystem_check(s->v.device.node, s->type, deadline_in(LONG_US), e);
	if (r > 0)
		progress_note(s->progress, "the file system of %s was not clean and was checked",
			      s->spec->image);
	return r;
}

static int mount_it(struct staging *s, struct err **e)
{
	int r = publish_make_directory(s->directory, e);

	if (r < 0)
		return r;
	step(s, "mount");
	return filesystem_mount(s->v.device.node, s->type, s->directory, s->options->mount_options,
				s->read_only, e);
}

/* A file system that stays smaller than its volume is a pity and no reason to refuse it. */
static void staging_grow(struct staging *s)
{
	_cleanup_err_ struct err *why = NULL;
	_cleanup_close_ int fd = -1;

	if (s->read_only)
		return;
	step(s, "grow");
	fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && mount_grow(fd, s->directory, &s->v.device, &why) < 0)
		progress_note(s->progress, "the file system was not grown: %s", why->message);
}

static int set_owner(const struct staging *s, struct err **e)
{
	const struct stage_options *w = s->options;
	_cleanup_close_ int fd = -1;
	bool asked = w->mode_given || w->uid_given || w->gid_given;
	int r = 0;

	if (!asked || s->read_only)
		return 0;
	fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		r = -errno;
	if (!r && (w->uid_given || w->gid_given))
		r = fchown(fd, w->uid_given ? (uid_t)w->uid : (uid_t)-1,
			   w->gid_given ? (gid_t)w->gid : (gid_t)-1) < 0
			    ? -errno
			    : 0;
	if (!r && w->mode_given)
		r = fchmod(fd, (mode_t)w->mode) < 0 ? -errno : 0;
	return r < 0 ? err_errno(e, r, "cannot set owner and mode of the root directory of %s",
				 s->spec->image)
		     : 0;
}

/* --- staging --- */

/* Whose is the device? One that is there before we begin is its maker's, unless we made it, or
 * were cut off while we did. */
static int claim(const struct staging *s, struct err **e)
{
	_cleanup_device_ struct device d = {0};
	int r = device_find_spec(s->spec, NULL, &d, e);

	publish_users_clear(s->spec, false); /* nothing is mounted: they are of a former time */
	if (r > 0)
		publish_own_check(s->spec, d.serial);
	if (r < 0)
		return r;
	return r ? 0 : publish_own(s->spec, 0, e);
}

/* A file system that two hosts write is destroyed, whatever was agreed: who comes second reads. */
static int give_way(struct staging *s, struct err **e)
{
	_cleanup_free_ char *host = NULL;
	int r = publish_other_writer(s->host, s->spec, &host, e);

	if (r <= 0)
		return r;
	s->read_only = true;
	progress_note(s->progress,
		      "host %s has %s for writing: it is mounted for reading only here", host,
		      s->spec->image);
	return 0;
}

static int attach(struct staging *s, struct err **e)
{
	const struct volume_request req = {
		.read_only = s->options->read_only,
		.shared = s->options->shared,
		.map_options = s->options->map_options,
	};
	int r = volume_attach(s->host, s->spec, &req, s->progress, &s->v, e);

	if (r >= 0 && publish_is_own(s->spec))
		r = publish_own(s->spec, s->v.device.serial, e);
	if (r < 0)
		return r;
	s->read_only = s->v.device.read_only;
	return s->options->shared && !s->read_only ? give_way(s, e) : 0;
}

static int stage(struct staging *s, struct err **e)
{
	int r = unmount_all(s->spec, s->directory, s->progress, e); /* what is dead */

	if (r < 0)
		return r;
	r = claim(s, e);
	if (r < 0)
		return r;
	r = attach(s, e);
	if (r < 0)
		return r;
	r = find_type(s, e);
	if (r < 0)
		return r;
	r = staging_check(s, e);
	if (r < 0)
		return r;
	r = mount_it(s, e);
	if (r < 0)
		return r;
	staging_grow(s);
	/* The runtimes copy an image's content only into what is empty; databases want that, too.
	 */
	if (!s->read_only)
		filesystem_empty(s->directory);
	return set_owner(s, e);
}

/* Let go of what would keep other hosts from the volume. */
static void give_up(struct staging *s)
{
	_cleanup_err_ struct err *why = NULL;
	struct progress p = *s->progress;

	s->progress->deadline = deadline_in(UNDO_US);
	if (publish_unstage(s->host, s->spec, s->progress, &why) < 0)
		progress_note(s->progress, "after that failure: %s", why->message);
	s->progress->deadline = p.deadline;
}

int publish_stage(struct host *h, const struct spec *spec, const struct stage_options *w,
		  struct progress *p, struct err **e)
{
	cleanup(staging_deinit) struct staging s = {
		.host = h,
		.spec = spec,
		.options = w,
		.progress = p,
		.directory = publish_directory(spec),
	};
	int r = s.directory ? state_of(spec, s.directory, e) : err_oom(e);

	if (r < 0)
		return r;
	if (r == STATE_STAGED)
		return publish_check_alive(h, spec, e);
	r = stage(&s, e);
	if (r < 0)
		give_up(&s);
	return r;
}

/* --- unstaging --- */

static int refuse_used(const struct spec *spec, struct err **e)
{
	unsigned users;
	int r = publish_users(spec, &users, e);

	if (r < 0 || !users)
		return r;
	return err_set(e, ERR_BUSY, -EBUSY, "%s is mounted here for %u users", spec->image, users);
}

static int detach(struct host *h, const struct spec *spec, struct progress *p, struct err **e)
{
	_cleanup_volume_info_ struct volume_info v = {0};
	_cleanup_err_ struct err *why = NULL;
	const struct volume_request req = {0};
	/* Also where no device is: the hold may be left. */
	int r = volume_detach(h, spec, &req, p, &v, &why);

	if (r == -ENOENT)
		return 0; /* the volume no longer exists */
	*e = steal(&why);
	return r;
}

int publish_unstage(struct host *h, const struct spec *spec, struct progress *p, struct err **e)
{
	_cleanup_free_ char *directory = publish_directory(spec);
	bool own = publish_is_own(spec);
	int r = directory ? state_of(spec, directory, e) : err_oom(e);

	if (r == STATE_STAGED)
		r = refuse_used(spec, e);
	if (r >= 0)
		r = unmount_all(spec, directory, p, e);
	if (r >= 0 && own)
		r = detach(h, spec, p, e);
	if (r >= 0)
		publish_users_clear(spec, true);
	return r < 0 ? r : 0;
}
