/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/fake-volume.h"
#include "rbd/feature-bits.h"
#include "volume/host.h"
#include "volume/list.h"
#include "volume/progress.h"
#include "volume/show.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "volume/finding.h"

struct fake_counts fake;

struct host {
	char *pool;
};

int host_new(const struct host_config *config, struct host *before, struct host **out,
	     struct err **e)
{
	(void)before;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_oom(e);
	(*out)->pool = strdup(config->pool);
	atomic_fetch_add(&fake.hosts, 1);
	return 0;
}

int host_files(const struct host_config *config, struct strlist *out, struct err **e)
{
	(void)config;
	(void)out;
	(void)e;
	return 0;
}

void host_free(struct host *h)
{
	free(h->pool);
	free(h);
	atomic_fetch_sub(&fake.hosts, 1);
}

char *image_features_format(uint64_t features)
{
	return strdup(features ? "layering,exclusive-lock" : "");
}

void volume_info_deinit(struct volume_info *v)
{
	spec_deinit(&v->spec);
	spec_deinit(&v->image.parent);
	free(v->image.id);
	free(v->device.node);
	free(v->device.link);
	*v = (struct volume_info){0};
}

void volume_list_deinit(struct volume_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		volume_info_deinit(&l->items[i]);
	free(l->items);
	*l = (struct volume_list){0};
}

int volume_resolve(struct host *h, struct volume_request *req, const char *text, struct spec *out,
		   struct err **e)
{
	if (!strcmp(text, "/dev/rbd7"))
		text = "rbd/web7";
	return spec_parse(text, req->pool ? req->pool : h->pool, out, e);
}

static void fill(const struct spec *spec, bool attached, struct volume_info *out)
{
	spec_copy(spec, &out->spec);
	out->in_cluster = true;
	out->image.id = strdup("1234abcd");
	out->image.size_bytes = 1 << 30;
	out->image.features = 5;
	spec_init(&out->image.parent, "rbd", "", "golden", "rbdvol-1");
	out->attached = attached;
	if (attached) {
		out->device.node = strdup("/dev/rbd7");
		out->device.link = strdup("/dev/rbdvol/rbd/web");
		out->device.size_bytes = 1 << 30;
	}
}

static int act(const struct spec *spec, struct progress *p, bool attached, struct volume_info *out,
	       struct err **e)
{
	if (!strcmp(spec->image, "missing"))
		return err_set(e, ERR_NOT_FOUND, -ENOENT, "no image '%s' in pool '%s'", spec->image,
			       spec->pool);
	p->step(p, "map");
	if (!strcmp(spec->image, "slow"))
		sleep(1);
	if (!strcmp(spec->image, "stuck"))
		sleep(60);
	if (!strcmp(spec->image, "noted"))
		p->note(p, "the parent's file system was not clean");
	fill(spec, attached, out);
	return 0;
}

static int attach(const struct spec *spec, struct progress *p, struct volume_info *out,
		  struct err **e)
{
	int now = atomic_fetch_add(&fake.under_way, 1) + 1, most = atomic_load(&fake.most), r;

	while (now > most && !atomic_compare_exchange_weak(&fake.most, &most, now))
		;
	atomic_fetch_add(&fake.attaches, 1);
	r = act(spec, p, true, out, e);
	atomic_fetch_sub(&fake.under_way, 1);
	return r;
}

#define FAKE_VOLUME(verb)                                                                          \
	int volume_##verb(struct host *h, const struct spec *spec,                                 \
			  const struct volume_request *req, struct progress *p,                    \
			  struct volume_info *out, struct err **e)                                 \
	{                                                                                          \
		(void)h;                                                                           \
		(void)req;                                                                         \
		return !strcmp(#verb, "attach") ? attach(spec, p, out, e)                          \
						: act(spec, p, false, out, e);                     \
	}
#define FAKE_FINDINGS(verb)                                                                        \
	int volume_##verb(struct host *h, const struct volume_request *req, struct progress *p,    \
			  struct finding_list *out, struct err **e)                                \
	{                                                                                          \
		(void)h, (void)req, (void)p, (void)out, (void)e;                                   \
		return 0;                                                                          \
	}
#define FAKE_LIST(verb)
#define FAKE_CANCEL(verb)
#define FAKE_JOBS(verb)
#define FAKE_NONE(verb)
#define VERB(id, name, method, path, access, served, ...) FAKE_##served(name)
#include "base/verbs.def"
#undef VERB

void progress_note(struct progress *p, const char *fmt, ...)
{
	p->note(p, fmt);
}

const char *finding_level_name(enum finding_level level)
{
	return level == FINDING_OK ? "ok" : "error";
}

void finding_list_deinit(struct finding_list *l)
{
	free(l->items);
}

int volume_list(struct host *h, const struct volume_request *req, struct progress *p,
		struct volume_list *out, struct err **e)
{
	struct spec spec = {.pool = (char *)"rbd", .ns = (char *)"", .image = (char *)"web7"};

	(void)h;
	(void)p;
	out->items = calloc(1, sizeof(*out->items));
	if (!out->items)
		return err_oom(e);
	out->n = 1;
	fill(&spec, !req->all, out->items);
	return 0;
}
