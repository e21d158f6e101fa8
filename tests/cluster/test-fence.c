/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An OSD that has not heard of it takes the writes of a client that was blocklisted: one that
 * stands still (SIGSTOP) while a hold is stolen has such a write in its socket. The thief must not
 * have the volume before that OSD has the new map; and where it never gets it, must be told so. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "ceph/blocklist.h"
#include "rbd/hold-state.h"
#include "rbd/hold.h"
#include "tests/cluster/lab.h"

#define OBJECTS	  64 /* of an image */
#define NOTICE_US (60 * USEC_PER_SEC)
#define LOOK_US	  50000
#define STEADY_US (2 * USEC_PER_SEC)

/* The holder: a client of its own, that writes to an object on the OSD that will stand still. */
struct victim {
	rados_t rados;
	rados_ioctx_t io;
	char address[64];
	char image[16], osd[16], object[96];
};

/* Only a client of the image can be blocklisted: the victim owns its lock. */
static void victim_locks(struct victim *v, const char *header)
{
	assert_int_equal(rados_lock_exclusive(v->io, header, "rbd_lock", "auto 1", "", NULL, 0), 0);
}

static unsigned number; /* of images made */

static int setup(void **state)
{
	int r = lab_setup(state);

	/* Its neighbours would report it after 20 s, and the test is not about that. */
	lab_mon_command("{\"prefix\": \"osd set\", \"key\": \"nodown\"}");
	return r;
}

/* A test that failed may have left one still. */
static int resume(void **state)
{
	(void)state;
	lab_cluster_command("resume", "osd");
	return 0;
}

static int teardown(void **state)
{
	lab_mon_command("{\"prefix\": \"osd unset\", \"key\": \"nodown\"}");
	return lab_teardown(state);
}

/* The OSD that answers for an object of the pool. */
static int osd_of(const char *object)
{
	char command[256], *answer = NULL;
	const char *commands[] = {command}, *at;
	size_t len = 0;
	int osd = -1;

	snprintf(command, sizeof(command),
		 "{\"prefix\": \"osd map\", \"pool\": \"%s\", \"object\": \"%s\", "
		 "\"format\": \"json\"}",
		 lab.pool, object);
	assert_int_equal(
		rados_mon_command(lab.rados, commands, 1, NULL, 0, &answer, &len, NULL, NULL), 0);
	at = memmem(answer, len, "\"acting_primary\":", 17);
	assert_non_null(at);
	osd = (int)strtol(at + 17, NULL, 10);
	rados_buffer_free(answer);
	return osd;
}

/* An OSD that has data of the image, but nothing that it takes to open it. */
static bool find_osd(struct victim *v, const char *id)
{
	char name[96], header[96];

	snprintf(name, sizeof(name), "rbd_id.%s", v->image);
	snprintf(header, sizeof(header), "rbd_header.%s", id);
	for (unsigned i = 0; i < OBJECTS; i++) {
		int osd;

		snprintf(v->object, sizeof(v->object), "rbd_data.%s.%016x", id, i);
		osd = osd_of(v->object);
		if (osd == osd_of("rbd_info") || osd == osd_of("rbd_directory") ||
		    osd == osd_of(name) || osd == osd_of(header))
			continue;
		snprintf(v->osd, sizeof(v->osd), "osd.%d", osd);
		return true;
	}
	return false;
}

static void make_victim_image(struct victim *v)
{
	bool found = false;
	char header[96] = "";

	for (unsigned i = 0; i < 32 && !found; i++) {
		rbd_image_t image;
		char id[64];

		snprintf(v->image, sizeof(v->image), "vol%u", number++);
		make_image(v->image, OBJECTS * 4 * MIB, RBD_FEATURE_LAYERING);
		image = open_image(v->image);
		assert_int_equal(rbd_get_id(image, id, sizeof(id)), 0);
		assert_int_equal(rbd_close(image), 0);
		found = find_osd(v, id);
		snprintf(header, sizeof(header), "rbd_header.%s", id);
	}
	if (!found) {
		print_message("this needs a lab of several OSDs: cluster start --osds 3\n");
		skip();
	}
	victim_locks(v, header);
}

static void victim_init(struct victim *v)
{
	char *address = NULL, *begin;

	assert_int_equal(rados_create2(&v->rados, "ceph", "client.admin", 0), 0);
	assert_int_equal(rados_conf_read_file(v->rados, NULL), 0);
	assert_int_equal(rados_connect(v->rados), 0);
	assert_int_equal(rados_ioctx_create(v->rados, lab.pool, &v->io), 0);
	assert_int_equal(rados_getaddrs(v->rados, &address), 0);
	begin = strstr(address, "10.99.");
	assert_non_null(begin);
	snprintf(v->address, sizeof(v->address), "%.*s", (int)strspn(begin, "0123456789.:/"),
		 begin);
	free(address);
	make_victim_image(v);
	/* Its connection to the OSD stands. */
	assert_int_equal(rados_write(v->io, v->object, "early", 5, 0), 0);
}

static void victim_deinit(struct victim *v)
{
	rados_ioctx_destroy(v->io);
	rados_shutdown(v->rados);
}

static struct hold hold_of(const char *host, const char *address)
{
	return (struct hold){.host = (char *)host,
			     .host_name = (char *)host,
			     .boot_id = (char *)"5e5c1a4e",
			     .client_address = (char *)address,
			     .since = 1700000000};
}

static void victim_holds(const struct victim *v)
{
	struct hold mine = hold_of("victim", v->address);
	const struct hold_claim claim = {.mine = &mine};
	struct err *e = NULL;

	assert_done(hold_take(lab.cluster, at(v->image), &claim, &e), e);
}

static void assert_held(const struct victim *v, const char *host)
{
	_cleanup_hold_ struct hold h = {0};
	struct err *e = NULL;

	assert_int_equal(hold_get(lab.cluster, at(v->image), NULL, &h, &e), 1);
	assert_string_equal(h.host, host);
}

struct theft {
	struct cluster *cluster;
	const struct spec *spec;
	int r;
	struct err *e;
	atomic_bool over;
};

/* Waits until the cluster has shut the victim out. */
static void await_blocklisted(const struct victim *v, struct theft *t)
{
	struct deadline end = deadline_in(NOTICE_US);

	for (;;) {
		_cleanup_strlist_ struct strlist out = {0};
		struct err *e = NULL;

		assert_done(blocklist_list(lab.cluster, &out, &e), e);
		if (blocklist_has(&out, v->address))
			return;
		if (atomic_load(&t->over))
			assert_done(t->r, t->e);
		assert_false(deadline_passed(end));
		usleep(LOOK_US);
	}
}

static void *steal_it(void *arg)
{
	struct theft *t = arg;
	struct hold mine = hold_of("thief", "");
	const struct hold_claim claim = {.mine = &mine, .steal = true};

	t->r = hold_take(t->cluster, t->spec, &claim, &t->e);
	atomic_store(&t->over, true);
	return NULL;
}

static void read_object(const struct victim *v, char out[static 6])
{
	memset(out, 0, 6);
	assert_int_equal(rados_read(lab.io, v->object, out, 5, 0), 5);
}

static void a_steal_waits_for_an_osd_that_stands_still(void **state)
{
	struct victim v = {0};
	struct theft t = {.cluster = lab.cluster};
	rados_completion_t late;
	char first[6], then[6];
	pthread_t thread;

	(void)state;
	victim_init(&v);
	victim_holds(&v);
	t.spec = at(v.image);
	lab_cluster_command("pause", v.osd);
	assert_int_equal(rados_aio_create_completion2(NULL, NULL, &late), 0);
	assert_int_equal(rados_aio_write(v.io, v.object, late, "late!", 5, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, steal_it, &t), 0);
	await_blocklisted(&v, &t);
	usleep(STEADY_US);
	/* The write may still be done, so nobody else may have the volume. */
	assert_false(atomic_load(&t.over));
	assert_held(&v, "victim");
	lab_cluster_command("resume", v.osd);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_done(t.r, t.e);
	read_object(&v, first);
	assert_held(&v, "thief");
	/* Already done or refused, but it comes no more. */
	rados_aio_wait_for_complete(late);
	rados_aio_release(late);
	usleep(STEADY_US);
	read_object(&v, then);
	assert_string_equal(first, then);
	assert_int_equal(rados_write(v.io, v.object, "later", 5, 0), -ESHUTDOWN);
	victim_deinit(&v);
}

static void an_osd_that_stands_still_for_good_is_told(void **state)
{
	const struct cluster_config config = {
		.name = "ceph", .user = "admin", .timeout_us = 10 * USEC_PER_SEC};
	_cleanup_cluster_ struct cluster *c = NULL;
	struct victim v = {0};
	struct theft t = {0};
	uint64_t began;

	(void)state;
	victim_init(&v);
	victim_holds(&v);
	assert_done(cluster_new(&config, &c, &t.e), t.e);
	t.cluster = c;
	t.spec = at(v.image);
	lab_cluster_command("pause", v.osd);
	began = clock_now_us();
	steal_it(&t);
	/* Resumed, it might have lost its lease of the placement group, with none to renew it with.
	 */
	lab_cluster_command("kill", v.osd);
	lab_cluster_command("revive", v.osd);
	assert_true(clock_now_us() - began < 60 * USEC_PER_SEC);
	assert_fails(t.r, &t.e, ERR_UNREACHABLE, -ETIMEDOUT, "every OSD", "did not answer", NULL);
	assert_held(&v, "victim");
	/* With the OSD back the same theft succeeds. */
	t.cluster = lab.cluster;
	steal_it(&t);
	assert_done(t.r, t.e);
	assert_held(&v, "thief");
	victim_deinit(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_steal_waits_for_an_osd_that_stands_still, resume),
		cmocka_unit_test_teardown(an_osd_that_stands_still_for_good_is_told, resume),
	};

	return cmocka_run_group_tests_name("fence", tests, setup, teardown);
}
