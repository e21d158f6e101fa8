/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume/publish-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mapper/grow.h"
#include "mapper/module.h"
#include "mapper/mounts.h"
#include "volume/filesystem.h"
#include "volume/operation.h"

#define MOUNTS	       PUBLISH_FOLDER "/mounts"
#define NOTE_MKFS      "rbdvol.mkfs" /* the type, while a file system is being made */
#define UNDO_US	       (20 * USEC_PER_SEC)
#define MOUNTS_STACKED 16

void publish_wish_deinit(struct publish_wish *w)
{
	free(w->fs);
	free(w->mkfs_options);
	free(w->mount_options);
	free(w->map_options);
	*w = (struct publish_wish){0};
}

int publish_wish_check(const struct publish_wish *w, struct err **e)
{
	_cleanup_krbd_options_ struct krbd_options options = {0};
	unsigned long flags;
	int r = w->fs ? filesystem_known(w->fs, true, e) : 0;

	if (r >= 0 && w->mkfs_options)
		r = w->fs ? mkfs_options_check(w->fs, w->mkfs_options, e)
			  : err_set(e, ERR_USAGE, -EINVAL,
				    "options for mkfs make sense only with a file system to make");
	if (r >= 0)
		r = mount_options_parse(w->fs, w->mount_options, &flags, NULL, e);
	if (r >= 0 && w->map_options)
		r = krbd_options_parse(w->map_options, kernel_version(), &options, e);
	if (r >= 0 && w->read_only && (w->mode_given || w->uid_given || w->gid_given))
		return err_set(e, ERR_USAGE, -EINVAL,
			       "the root folder of a volume that is read-only can't be changed");
	return r < 0 ? r : 0;
}

int publish_note_get(struct host *h, const struct spec *spec, const char *key, char **out,
		     struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	*out = NULL;
	if (r < 0)
		return r;
	r = image_note_get(c, spec, key, out, e);
	if (r > 0 && !**out) { /* a note can't be removed, only emptied */
		free(steal(out));
		r = 0;
	}
	return r;
}

int publish_capacity(struct host *h, const char *pool, uint64_t *out_bytes, struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	return r < 0 ? r : cluster_available(c, pool, out_bytes, e);
}

int publish_note_set(struct host *h, const struct spec *spec, const char *key, const char *value,
		     struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	return r < 0 ? r : image_note_set(c, spec, key, value, e);
}

/* 1: IMAGE, one of a list of all, is NAME and has the note KEY; *out is its spec. */
static int is_found(struct host *h, const char *image, const char *name, const char *key,
		    struct spec *out, struct err **e)
{
	_cleanup_spec_ struct spec spec = {0};
	_cleanup_err_ struct err *why = NULL;
	_cleanup_free_ char *note = NULL;
	int r;

	if (spec_parse(image, "", &spec, &why) < 0 || strcmp(spec.image, name))
		return 0;
	r = publish_note_get(h, &spec, key, &note, &why);
	if (r < 0 && r != -ENOENT) {
		*e = steal(&why);
		return r;
	}
	if (r <= 0)
		return 0;
	*out = spec;
	spec = (struct spec){0};
	return 1;
}

static int refuse_two(const struct spec *one, const struct spec *other, struct err **e)
{
	_cleanup_free_ char *a = spec_format(one), *b = spec_format(other);

	if (!a || !b)
		return err_oom(e);
	return err_set(e, ERR_EXISTS, -EEXIST, "which volume is meant: %s or %s?", a, b);
}

int publish_find(struct host *h, const char *name, const char *key, struct spec *out,
		 struct err **e)
{
	const struct volume_request req = {0};
	_cleanup_strlist_ struct strlist images = {0};
	_cleanup_cluster_ struct cluster *c = NULL;
	int r = host_cluster(h, &req, &c, e);

	*out = (struct spec){0};
	if (r >= 0)
		r = image_list(c, NULL, &images, e);
	for (size_t i = 0; r >= 0 && i < images.n; i++) {
		_cleanup_spec_ struct spec found = {0};

		r = is_found(h, images.items[i], name, key, &found, e);
		if (r <= 0)
			continue;
		if (out->image)
			r = refuse_two(out, &found, e);
		else
			*out = found, found = (struct spec){0};
	}
	if (r < 0)
		spec_deinit(out);
	return r < 0 ? r : out->image != NULL;
}

char *publish_folder(const struct spec *spec)
{
	_cleanup_free_ char *name = publish_name(spec);
	char *out;

	return name && asprintf(&out, MOUNTS "/%s", name) >= 0 ? out : NULL;
}

/* 1: the volume itself is mounted on FOLDER; 0: nothing; -EBUSY: something else is. */
static int staged_at(const struct spec *spec, const char *folder, struct err **e)
{
	_cleanup_device_ struct device d = {0};
	dev_t dev;
	int r = mount_find(folder, &dev, e);

	if (r <= 0)
		return r;
	r = device_find_spec(spec, NULL, &d, e);
	if (r < 0 || (r && d.dev == dev))
		return r;
	return err_set(e, ERR_BUSY, -EBUSY, "something else than %s is mounted on %s", spec->image,
		       folder);
}

int publish_is_staged(const struct spec *spec, struct err **e)
{
	_cleanup_free_ char *folder = publish_folder(spec);

	return folder ? staged_at(spec, folder, e) : err_oom(e);
}

/* One staging under way. */
struct staging {
	struct host *host;
	const struct spec *spec;
	const struct publish_wish *wish;
	struct progress *progress;
	char *folder;
	struct volume_info v;
	char *type; /* of the file system */
};

static void staging_deinit(struct staging *s)
{
	free(s->folder);
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
	return err_hint(e, "rbdvol makes a file system only where it was told which, on a volume "
			   "that is blank and no clone");
}

static int make(struct staging *s, struct err **e)
{
	_cleanup_content_ struct content content = {0};
	const char *node = s->v.device.node;
	int r = publish_note_set(s->host, s->spec, NOTE_MKFS, s->wish->fs, e);

	step(s, "mkfs");
	if (r >= 0)
		r = filesystem_make(node, s->wish->fs, s->wish->mkfs_options, s->progress->deadline,
				    e);
	if (r >= 0)
		r = content_probe(node, &content, e);
	if (r >= 0 && (!content.type || strcmp(content.type, s->wish->fs)))
		r = err_set(e, ERR_FAILED, -EIO, "mkfs left no %s file system on %s", s->wish->fs,
			    node);
	if (r >= 0)
		r = publish_note_set(s->host, s->spec, NOTE_MKFS, "", e);
	if (r < 0)
		return r;
	s->type = steal(&content.type);
	return 0;
}

/* 1: we began to make a file system here and were cut off, so what is there is of our making. */
static int was_cut_off(struct staging *s, struct err **e)
{
	_cleanup_free_ char *note = NULL;
	int r = publish_note_get(s->host, s->spec, NOTE_MKFS, &note, e);

	return r <= 0 ? r : !strcmp(note, s->wish->fs);
}

/* No file system is seen on the device. */
static int make_on_blank(struct staging *s, struct err **e)
{
	_cleanup_free_ char *what = NULL, *why = NULL;
	int r;

	if (!s->wish->fs || s->wish->read_only || s->spec->snap)
		return refuse_no_filesystem(s, "there is no file system", e);
	if (s->v.image.parent.image || s->v.image.from)
		return refuse_no_filesystem(s, "there is no file system that rbdvol knows", e);
	r = filesystem_blank(s->v.device.node, &what, e);
	if (!r)
		r = was_cut_off(s, e);
	if (!r) {
		if (asprintf(&why, "there is %s, and no file system,", what) < 0)
			return err_oom(e);
		return refuse_no_filesystem(s, why, e);
	}
	return r < 0 ? r : make(s, e);
}

static int find_type(struct staging *s, struct err **e)
{
	_cleanup_content_ struct content content = {0};
	int r = content_probe(s->v.device.node, &content, e);

	if (r < 0)
		return r;
	if (content.type) {
		s->type = steal(&content.type);
		return filesystem_known(s->type, false, e);
	}
	if (content.partition_table)
		return refuse_no_filesystem(s, "there are partitions, and no file system,", e);
	return make_on_blank(s, e);
}

static int check(struct staging *s, struct err **e)
{
	int r;

	if (s->v.device.read_only)
		return 0;
	step(s, "check");
	r = filesystem_check(s->v.device.node, s->type, s->progress->deadline, e);
	if (r > 0)
		progress_note(s->progress, "the file system of %s was not clean and was checked",
			      s->spec->image);
	return r;
}

static int mount_it(struct staging *s, struct err **e)
{
	int r = publish_make_folder(s->folder, e);

	if (r < 0)
		return r;
	step(s, "mount");
	return filesystem_mount(s->v.device.node, s->type, s->folder, s->wish->mount_options,
				s->v.device.read_only, e);
}

/* A file system that stays smaller than its volume is a pity and no reason to refuse it. */
static void grow(struct staging *s)
{
	_cleanup_err_ struct err *why = NULL;

	if (s->v.device.read_only)
		return;
	step(s, "grow");
	if (mount_grow(s->folder, &s->v.device, &why) < 0)
		progress_note(s->progress, "the file system keeps its size: %s", why->message);
}

static int set_owner(const struct staging *s, struct err **e)
{
	const struct publish_wish *w = s->wish;
	_cleanup_close_ int fd = -1;
	bool asked = w->mode_given || w->uid_given || w->gid_given;
	int r = 0;

	if (!asked || s->v.device.read_only)
		return 0;
	fd = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		r = -errno;
	if (!r && (w->uid_given || w->gid_given))
		r = fchown(fd, w->uid_given ? (uid_t)w->uid : (uid_t)-1,
			   w->gid_given ? (gid_t)w->gid : (gid_t)-1) < 0
			    ? -errno
			    : 0;
	if (!r && w->mode_given)
		r = fchmod(fd, (mode_t)w->mode) < 0 ? -errno : 0;
	return r < 0 ? err_errno(e, r, "can't set owner and mode of the root folder of %s",
				 s->spec->image)
		     : 0;
}

/* --- staging --- */

/* Whose is the device? One that is there before we begin is its maker's, unless it is from an
 * attempt of ours that was cut off. */
static int claim(const struct staging *s, struct err **e)
{
	_cleanup_device_ struct device d = {0};
	int r = device_find_spec(s->spec, NULL, &d, e);

	publish_users_clear(s->spec, false); /* nothing is mounted: they are of a former time */
	return r < 0 ? r : r ? 0 : publish_own(s->spec, e);
}

static int attach(struct staging *s, struct err **e)
{
	const struct volume_request req = {
		.read_only = s->wish->read_only,
		.shared = s->wish->shared,
		.map_options = s->wish->map_options,
	};

	return volume_attach(s->host, s->spec, &req, s->progress, &s->v, e);
}

static int stage(struct staging *s, struct err **e)
{
	int r = claim(s, e);

	if (r >= 0)
		r = attach(s, e);
	if (r >= 0)
		r = find_type(s, e);
	if (r >= 0)
		r = check(s, e);
	if (r >= 0)
		r = mount_it(s, e);
	if (r < 0)
		return r;
	grow(s);
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

int publish_stage(struct host *h, const struct spec *spec, const struct publish_wish *w,
		  struct progress *p, struct err **e)
{
	cleanup(staging_deinit) struct staging s = {
		.host = h,
		.spec = spec,
		.wish = w,
		.progress = p,
		.folder = publish_folder(spec),
	};
	int r = s.folder ? staged_at(spec, s.folder, e) : err_oom(e);

	if (r)
		return r < 0 ? r : 0;
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

static int unmount_all(const struct spec *spec, const char *folder, struct progress *p,
		       struct err **e)
{
	dev_t dev;
	int r = 1;

	for (int i = 0; i < MOUNTS_STACKED && r > 0; i++) {
		r = mount_find(folder, &dev, e);
		if (r <= 0)
			break;
		if (p->step)
			p->step(p, "unmount");
		r = filesystem_umount(folder, e);
		if (r < 0)
			return err_wrap(e, "%s", spec->image);
		r = 1;
	}
	if (r >= 0)
		rmdir(folder);
	return r;
}

static int detach(struct host *h, const struct spec *spec, struct progress *p, struct err **e)
{
	_cleanup_volume_info_ struct volume_info v = {0};
	_cleanup_err_ struct err *why = NULL;
	const struct volume_request req = {0};
	/* Also where no device is: the hold may be left. */
	int r = volume_detach(h, spec, &req, p, &v, &why);

	if (r == -ENOENT)
		return 0; /* the volume is no more */
	*e = steal(&why);
	return r;
}

int publish_unstage(struct host *h, const struct spec *spec, struct progress *p, struct err **e)
{
	_cleanup_free_ char *folder = publish_folder(spec);
	bool own = publish_is_own(spec);
	int r = folder ? staged_at(spec, folder, e) : err_oom(e);

	if (r > 0)
		r = refuse_used(spec, e);
	if (r >= 0)
		r = unmount_all(spec, folder, p, e);
	if (r >= 0 && own)
		r = detach(h, spec, p, e);
	if (r >= 0)
		publish_users_clear(spec, true);
	return r < 0 ? r : 0;
}
