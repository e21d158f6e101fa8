/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lasting connection: what it tells when it cannot be made, that every wait ends, and that it
 * comes back by itself. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "ceph/close.h"
#include "ceph/cluster.h"
#include "ceph/ioctx.h"
#include "ceph/keyring.h"
#include "ceph/monitors.h"
#include "rbd/image.h"
#include "tests/cluster/lab.h"

#define SHORT_US (2 * USEC_PER_SEC)

static char directory[] = "/tmp/rbdvol-test-XXXXXX";

static int setup(void **state)
{
	assert_non_null(mkdtemp(directory));
	return lab_setup(state);
}

static int teardown(void **state)
{
	static const char *const files[] = {"conf", "keyring"};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	rmdir(directory);
	return lab_teardown(state);
}

/* A file of the test's directory; the path is good until the next call. */
static const char *put_file(const char *name, const char *fmt, const char *arg)
{
	static char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, fmt, arg); /* NOLINT: the formats are literals of this file */
	assert_int_equal(fclose(f), 0);
	return path;
}

static struct cluster *new_cluster(const char *conf, const char *keyring, uint64_t timeout_us)
{
	const struct cluster_config config = {.name = "ceph",
					      .user = "admin",
					      .conf = conf,
					      .keyring = keyring,
					      .timeout_us = timeout_us};
	struct cluster *c = NULL;
	struct err *e = NULL;

	assert_done(cluster_new(&config, &c, &e), e);
	return c;
}

static void it_connects_and_tells_of_the_cluster(void **state)
{
	_cleanup_cluster_ struct cluster *c = new_cluster(NULL, NULL, 30 * USEC_PER_SEC);
	_cleanup_monitors_ struct monitors m = {0};
	char fsid[FSID_LEN + 1], expected[FSID_LEN + 1];
	uint64_t alloc = 1;
	struct err *e = NULL;

	(void)state;
	assert_done(cluster_connect(c, &e), e);
	assert_done(cluster_fsid(c, fsid, &e), e);
	assert_int_equal(rados_cluster_fsid(lab.rados, expected, sizeof(expected)), FSID_LEN);
	assert_string_equal(fsid, expected);
	assert_done(cluster_monitors(c, &m, &e), e);
	assert_non_null(strstr(m.v1, ":6789"));
	assert_non_null(strstr(m.v2, ":3300"));
	assert_done(cluster_alloc_size(c, &alloc, &e), e);
	assert_int_equal(alloc, 4096);
	assert_string_equal(cluster_user(c), "admin");
}

static void it_tells_how_much_room_there_is(void **state)
{
	_cleanup_cluster_ struct cluster *c = new_cluster(NULL, NULL, 30 * USEC_PER_SEC);
	struct deadline end = deadline_in(120 * USEC_PER_SEC);
	struct rados_cluster_stat_t all;
	struct err *e = NULL;
	uint64_t room = 0;

	(void)state;
	/* The manager has to count the pool first, which is new. */
	while (cluster_available(c, lab.pool, &room, &e) == -EAGAIN && !deadline_passed(end)) {
		err_free(e);
		e = NULL;
		usleep(200000);
	}
	assert_null(e);
	assert_int_equal(rados_cluster_stat(lab.rados, &all), 0);
	assert_true(room > all.kb * 1024 / 10);
	assert_true(room <= all.kb * 1024);
	assert_int_equal(cluster_available(c, "no-such-pool", &room, &e), -ENOENT);
	assert_int_equal(e->kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e->message, "'no-such-pool'"));
	err_free(e);
}

/* The decoded key: type 1 (AES), time, a length of 16, 16 bytes. */
static void the_secret_is_what_the_kernel_takes(void **state)
{
	_cleanup_secret_ struct secret s = {0};
	struct err *e = NULL;

	(void)state;
	assert_done(cluster_secret(lab.cluster, &s, &e), e);
	assert_int_equal(s.len, 28);
	assert_int_equal(s.data[0], 1);
	assert_int_equal(s.data[10], 16);
}

static void no_configuration_is_named(void **state)
{
	const struct cluster_config config = {
		.name = "ceph", .user = "admin", .conf = "/nonexistent/ceph.conf"};
	struct cluster *c = NULL;
	struct err *e = NULL;

	(void)state;
	assert_fails(cluster_new(&config, &c, &e), &e, ERR_NOT_FOUND, -ENOENT,
		     "/nonexistent/ceph.conf", NULL);
	assert_null(c);
}

static void a_missing_key_is_told_from_a_wrong_one(void **state)
{
	_cleanup_cluster_ struct cluster *none =
		new_cluster(NULL, "/nonexistent/keyring", SHORT_US);
	_cleanup_cluster_ struct cluster *wrong =
		new_cluster(NULL,
			    put_file("keyring", "[client.admin]\n\tkey = %s\n",
				     "AQAPTFlm2E1xERAAAAAAAAAAAAAAAAAAAAAAAA=="),
			    SHORT_US);
	struct err *e = NULL;

	(void)state;
	assert_fails(cluster_connect(none, &e), &e, ERR_NOT_PERMITTED, -ENOENT, "client.admin",
		     "/nonexistent/keyring", NULL);
	assert_fails(cluster_connect(wrong, &e), &e, ERR_NOT_PERMITTED, -EACCES, "client.admin",
		     "refuses", NULL);
	/* It is tried afresh each time; and the key is in no message. */
	assert_int_equal(cluster_connect(wrong, &e), -EACCES);
	assert_null(strstr(e->message, "AQAPTF"));
	err_free(e);
}

static void no_monitor_ends_within_the_timeout(void **state)
{
	const char *conf = put_file("conf", "[global]\nmon host = %s\n", "10.99.0.250:6789");
	_cleanup_cluster_ struct cluster *c = NULL;
	struct err *e = NULL;
	char keyring[512];
	uint64_t began;

	(void)state;
	assert_int_equal(rados_conf_get(lab.rados, "keyring", keyring, sizeof(keyring)), 0);
	c = new_cluster(conf, keyring, SHORT_US);
	began = clock_now_us();
	assert_fails(cluster_connect(c, &e), &e, ERR_UNREACHABLE, -ETIMEDOUT, "no monitor",
		     "10.99.0.250", "2 s", NULL);
	assert_true(clock_now_us() - began < 5 * SHORT_US);
}

struct waiter {
	pthread_t thread;
	struct cluster *cluster;
	uint64_t took_us;
	int result;
};

static void *wait_for_connection(void *arg)
{
	struct waiter *w = arg;
	uint64_t began = clock_now_us();
	struct err *e = NULL;

	w->result = cluster_connect(w->cluster, &e);
	w->took_us = clock_now_us() - began;
	err_free(e);
	return NULL;
}

/* A monitor that is there and says nothing: the worst case. Threads share the attempt. */
/* A busy machine may need longer than SHORT_US for the first answer; the next call tries afresh. */
static void comes_back(struct cluster *c)
{
	_cleanup_monitors_ struct monitors m = {0};
	struct err *e = NULL;
	int r = -ETIMEDOUT;

	for (int tries = 0; r == -ETIMEDOUT && tries < 10; tries++) {
		err_free(e);
		e = NULL;
		r = cluster_monitors(c, &m, &e);
	}
	assert_done(r, e);
}

static void a_silent_monitor_is_survived(void **state)
{
	_cleanup_cluster_ struct cluster *fresh = new_cluster(NULL, NULL, SHORT_US);
	_cleanup_cluster_ struct cluster *standing = new_cluster(NULL, NULL, SHORT_US);
	_cleanup_monitors_ struct monitors m = {0};
	struct waiter waiters[8];
	struct err *e = NULL;
	uint64_t began;

	(void)state;
	assert_done(cluster_connect(standing, &e), e);
	lab_cluster_command("pause", "mon");
	for (size_t i = 0; i < ARRAY_SIZE(waiters); i++) {
		waiters[i] = (struct waiter){.cluster = fresh};
		pthread_create(&waiters[i].thread, NULL, wait_for_connection, &waiters[i]);
	}
	began = clock_now_us();
	int r = cluster_monitors(standing, &m, &e);
	uint64_t took = clock_now_us() - began;
	for (size_t i = 0; i < ARRAY_SIZE(waiters); i++)
		pthread_join(waiters[i].thread, NULL);
	lab_cluster_command("resume", "mon");
	assert_fails(r, &e, ERR_UNREACHABLE, -ETIMEDOUT, "2 s", "10.99.0.1", NULL);
	assert_true(took < 5 * SHORT_US);
	for (size_t i = 0; i < ARRAY_SIZE(waiters); i++) {
		assert_int_equal(waiters[i].result, -ETIMEDOUT);
		assert_true(waiters[i].took_us < 5 * SHORT_US);
	}
	/* And then, without a word from us: */
	comes_back(fresh);
	comes_back(standing);
}

static void a_blocklisted_client_comes_back(void **state)
{
	_cleanup_cluster_ struct cluster *c = new_cluster(NULL, NULL, 10 * USEC_PER_SEC);
	_cleanup_session_ struct session *old = NULL, *fresh = NULL;
	struct image_info info = {0};
	struct err *e = NULL;
	char *address = NULL;
	int r = 0;

	(void)state;
	make_image("shut-out", 8 * MIB, FAST_FEATURES);
	assert_done(image_info(c, at("shut-out"), &info, &e), e);
	image_info_deinit(&info);
	assert_done(cluster_session(c, &old, &e), e);
	assert_int_equal(rados_getaddrs(old->rados, &address), 0);
	assert_int_equal(rados_blocklist_add(lab.rados, address, 60), 0);
	free(address);
	/* The OSD hears of it a little later. */
	for (int i = 0; i < 100 && !(r = image_info(c, at("shut-out"), &info, &e)); i++) {
		image_info_deinit(&info);
		usleep(100000);
	}
	assert_fails(r, &e, ERR_UNREACHABLE, -ESHUTDOWN, "has blocklisted this client", NULL);
	assert_done(image_info(c, at("shut-out"), &info, &e), e);
	image_info_deinit(&info);
	assert_done(cluster_session(c, &fresh, &e), e);
	assert_ptr_not_equal(old, fresh);
}

static void a_failed_connection_leaves_the_images_of_others_open(void **state)
{
	_cleanup_cluster_ struct cluster *standing = new_cluster(NULL, NULL, 0);
	_cleanup_cluster_ struct cluster *none =
		new_cluster(NULL, "/nonexistent/keyring", SHORT_US);
	_cleanup_ioctx_ struct ioctx p = {0};
	struct err *e = NULL;
	rbd_image_t image;

	(void)state;
	make_image("kept", MIB, FAST_FEATURES);
	assert_done(ioctx_open(standing, lab.pool, "", &p, &e), e);
	assert_int_equal(rbd_open_read_only(p.io, "kept", &image, NULL), 0);
	image_lay_by(image, strdup("kept"));
	assert_int_equal(cluster_connect(none, &e), -ENOENT);
	err_free(e);
	assert_ptr_equal(image_take("kept"), image);
	image_close_later(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_connects_and_tells_of_the_cluster),
		cmocka_unit_test(it_tells_how_much_room_there_is),
		cmocka_unit_test(the_secret_is_what_the_kernel_takes),
		cmocka_unit_test(no_configuration_is_named),
		cmocka_unit_test(a_missing_key_is_told_from_a_wrong_one),
		cmocka_unit_test(no_monitor_ends_within_the_timeout),
		cmocka_unit_test(a_silent_monitor_is_survived),
		cmocka_unit_test(a_blocklisted_client_comes_back),
		cmocka_unit_test(a_failed_connection_leaves_the_images_of_others_open),
	};

	return cmocka_run_group_tests_name("connection", tests, setup, teardown);
}
