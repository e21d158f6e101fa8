/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/fake-publish.h"
#include "volume/alive.h"
#include "volume/progress.h"
#include "volume/publish-notes.h"
#include "volume/publish-users.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "docker/names.h"

#define MOST 32

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_stage stages[MOST];
static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char *name, *spec;
} names[MOST];
static bool unreachable;

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;
static bool gate_is_open = true;

void fake_gate(bool open)
{
	pthread_mutex_lock(&gate_lock);
	gate_is_open = open;
	pthread_cond_broadcast(&gate_opened);
	pthread_mutex_unlock(&gate_lock);
}

static void pass_gate(void)
{
	pthread_mutex_lock(&gate_lock);
	while (!gate_is_open)
		pthread_cond_wait(&gate_opened, &gate_lock);
	pthread_mutex_unlock(&gate_lock);
}

static struct fake_stage *find(const char *spec)
{
	for (size_t i = 0; i < MOST; i++)
		if (stages[i].spec && !strcmp(stages[i].spec, spec))
			return &stages[i];
	return NULL;
}

struct fake_stage *fake_find(const char *spec)
{
	return find(spec);
}

static struct fake_stage *find_or_add(const char *spec)
{
	struct fake_stage *s = find(spec);

	for (size_t i = 0; !s && i < MOST; i++)
		if (!stages[i].spec) {
			s = &stages[i];
			s->spec = strdup(spec);
		}
	return s;
}

void fake_image(const char *spec, const char *note)
{
	struct fake_stage *s = find_or_add(spec);

	free(s->note);
	s->note = strdup(note);
}

void fake_unreachable(bool yes)
{
	unreachable = yes;
}

void fake_forget(void)
{
	for (size_t i = 0; i < MOST; i++) {
		free(stages[i].spec);
		free(stages[i].note);
		free(names[i].name);
		free(names[i].spec);
		names[i].name = names[i].spec = NULL;
	}
	memset(stages, 0, sizeof(stages));
}

/* The volume of SPEC, locked; the words of SPEC go with the block. */
#define WITH_STAGE(s, spec)                                                                        \
	_cleanup_free_ char *with_text = spec_format(spec);                                        \
	struct fake_stage *s;                                                                      \
	pthread_mutex_lock(&lock);                                                                 \
	s = find_or_add(with_text);                                                                \
	pthread_mutex_unlock(&lock)

void stage_options_deinit(struct stage_options *w)
{
	free(w->fs);
	free(w->mkfs_options);
	free(w->mount_options);
	free(w->map_options);
	*w = (struct stage_options){0};
}

int stage_options_check(const struct stage_options *w, struct err **e)
{
	if (w->mount_options && strstr(w->mount_options, "frob"))
		return err_set(e, ERR_USAGE, -EINVAL, "'frob' is not among the mount options");
	return 0;
}

int publish_spec_check(const struct spec *spec, struct err **e)
{
	if (strlen(spec->pool) + strlen(spec->image) > 250)
		return err_set(e, ERR_USAGE, -ENAMETOOLONG, "the volume's name is too long");
	return 0;
}

int publish_note_get(struct host *h, const struct spec *spec, const char *key, char **out,
		     struct err **e)
{
	WITH_STAGE(s, spec);
	(void)h;
	(void)key;
	*out = NULL;
	if (unreachable)
		return err_set(e, ERR_UNREACHABLE, -ETIMEDOUT, "no monitor answers");
	if (!s->note)
		return err_set(e, ERR_NOT_FOUND, -ENOENT, "no image %s", with_text);
	if (!*s->note)
		return 0;
	*out = strdup(s->note);
	return 1;
}

int publish_note_set(struct host *h, const struct spec *spec, const char *key, const char *value,
		     struct err **e)
{
	_cleanup_free_ char *text = spec_format(spec);

	(void)h;
	(void)key;
	(void)e;
	fake_image(text, value);
	return 0;
}

int publish_made_set(struct host *h, const struct spec *spec, bool made, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)h;
	(void)e;
	s->made = made;
	return 0;
}

int publish_made_get(struct host *h, const struct spec *spec, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)h;
	(void)e;
	return s->made;
}

int publish_other_writer(struct host *h, const struct spec *spec, char **out_host, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)h;
	(void)e;
	*out_host = s->held_elsewhere ? strdup("other") : NULL;
	return s->held_elsewhere;
}

char *publish_directory(const struct spec *spec)
{
	char *out;

	return asprintf(&out, "/mnt/%s", spec->image) < 0 ? NULL : out;
}

int publish_is_staged(const struct spec *spec, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)e;
	return s->staged;
}

int publish_check_alive(struct host *h, const struct spec *spec, struct err **e)
{
	(void)h;
	(void)spec;
	(void)e;
	return 0;
}

int publish_stage(struct host *h, const struct spec *spec, const struct stage_options *w,
		  struct progress *p, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)h;
	(void)e;
	p->step(p, "map");
	s->stagings++;
	if (!strcmp(spec->image, "slow") || !strcmp(spec->image, "broken"))
		pass_gate();
	if (!strcmp(spec->image, "broken"))
		return err_set(e, ERR_FAILED, -EIO, "the map has failed");
	s->last = *w;
	s->staged = true;
	return 0;
}

int publish_unstage(struct host *h, const struct spec *spec, struct progress *p, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)h;
	(void)p;
	if (s->users)
		return err_set(e, ERR_BUSY, -EBUSY, "mounted here for %u users", s->users);
	if (strstr(with_text, "slow"))
		pass_gate();
	if (strstr(with_text, "stuck"))
		return err_set(e, ERR_BUSY, -EBUSY, "open in sleep");
	s->staged = false;
	return 0;
}

int publish_user_check(const char *id, struct err **e)
{
	if (!*id)
		return err_set(e, ERR_USAGE, -EINVAL, "the mount's user has no id");
	return strlen(id) > 70
		       ? err_set(e, ERR_USAGE, -EINVAL, "the id of the mount's user is too long")
		       : 0;
}

static void user_add(struct fake_stage *s, const char *id)
{
	for (unsigned i = 0; i < s->users; i++)
		if (!strcmp(s->user[i], id))
			return;
	snprintf(s->user[s->users++], sizeof(s->user[0]), "%s", id);
}

static void user_remove(struct fake_stage *s, const char *id)
{
	for (unsigned i = 0; i < s->users; i++)
		if (!strcmp(s->user[i], id))
			memmove(s->user[i], s->user[--s->users], sizeof(s->user[0]));
}

int publish_user_add(const struct spec *spec, const char *id, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)e;
	pthread_mutex_lock(&lock);
	user_add(s, id);
	pthread_mutex_unlock(&lock);
	return 0;
}

int publish_user_remove(const struct spec *spec, const char *id, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)e;
	pthread_mutex_lock(&lock);
	user_remove(s, id);
	pthread_mutex_unlock(&lock);
	return 0;
}

int publish_users(const struct spec *spec, unsigned *out, struct err **e)
{
	WITH_STAGE(s, spec);
	(void)e;
	*out = s->users;
	return 0;
}

int publish_idle(uint64_t age_us, struct strlist *out, struct err **e)
{
	(void)age_us;
	(void)out;
	(void)e;
	return 0;
}

int docker_name_get(const char *name, struct spec *out, struct err **e)
{
	int r = 0;

	pthread_mutex_lock(&names_lock);
	for (size_t i = 0; !r && i < MOST; i++)
		if (names[i].name && !strcmp(names[i].name, name))
			r = spec_parse(names[i].spec, "", out, e) < 0 ? -EINVAL : 1;
	pthread_mutex_unlock(&names_lock);
	return r;
}

int docker_name_put(const char *name, const struct spec *spec, struct err **e)
{
	int r = -1;

	(void)e;
	docker_name_remove(name);
	pthread_mutex_lock(&names_lock);
	for (size_t i = 0; r && i < MOST; i++)
		if (!names[i].name) {
			names[i].name = strdup(name);
			names[i].spec = spec_format(spec);
			r = 0;
		}
	pthread_mutex_unlock(&names_lock);
	return r;
}

static char begun[80];

int docker_name_begin(const char *name, const struct spec *spec, struct err **e)
{
	(void)spec;
	(void)e;
	snprintf(begun, sizeof(begun), "%s", name);
	return 0;
}

bool docker_name_is_begun(const char *name, const struct spec *spec)
{
	(void)spec;
	return !strcmp(begun, name);
}

void docker_name_end(const char *name)
{
	(void)name;
	*begun = '\0';
}

void docker_name_remove(const char *name)
{
	pthread_mutex_lock(&names_lock);
	for (size_t i = 0; i < MOST; i++)
		if (names[i].name && !strcmp(names[i].name, name)) {
			free(names[i].name);
			free(names[i].spec);
			names[i].name = names[i].spec = NULL;
		}
	pthread_mutex_unlock(&names_lock);
}

int docker_name_list(struct strlist *out, struct err **e)
{
	(void)e;
	pthread_mutex_lock(&names_lock);
	for (size_t i = 0; i < MOST; i++)
		if (names[i].name)
			strlist_add(out, "%s", names[i].name);
	pthread_mutex_unlock(&names_lock);
	return 0;
}
