/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin's protocol over a real UNIX socket, in front of fake volumes: answers and their
 * statuses, names and options that are refused, users counted, and the caller who did not wait. */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "tests/unit/unit.h"

#include "docker/docker.h"
#include "docker/options.h"
#include "tests/unit/fake-publish.h"
#include "tests/unit/fake-volume.h"
#include "tests/unit/http-server.h"

#define PATIENT_US   (60 * USEC_PER_SEC) /* never over, even under valgrind on a busy machine */
#define IMPATIENT_US (USEC_PER_SEC / 4)	 /* over while the gate is closed */

static const char *const pools[] = {"ssd", "ssd/team", NULL};

static struct test_server server = {
	.plugin_pools = pools,
	.front = &docker_front,
	.open = listener_open_plugin,
	.plugin_timeout_us = PATIENT_US,
};

static int setup(void **state)
{
	(void)state;
	return test_server_start(&server);
}

static int forget(void **state)
{
	(void)state;
	fake_forget();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return test_server_stop(&server);
}

/* For tests of who does not wait. */
static int impatient(void **state)
{
	int r = teardown(state);

	server.plugin_timeout_us = IMPATIENT_US;
	fake_gate(false);
	return r ? r : setup(state);
}

static int patient_again(void **state)
{
	int r;

	fake_gate(true);
	r = teardown(state);
	server.plugin_timeout_us = PATIENT_US;
	forget(state);
	return r ? r : setup(state);
}

/* The status; *out the JSON. */
static unsigned ask(const char *what, const char *body, json_t **out)
{
	char path[64];

	snprintf(path, sizeof(path), "/%s", what);
	return test_ask(&server, "POST", path, body, out);
}

/* WHAT with BODY succeeds; *out (may be NULL) the answer. */
static void works(const char *what, const char *body, json_t **out)
{
	_cleanup_json_ json_t *answer = NULL;
	unsigned status = ask(what, body, &answer);
	const char *err = json_string_value(json_object_get(answer, "Err"));

	if (status != 200 || (err && *err))
		fail_msg("%s %s: %u %s", what, body, status, err);
	if (out)
		*out = json_incref(answer);
}

/* It is refused, in the way that both runtimes understand, and Err holds TEXT. */
static void fails(const char *what, const char *body, const char *text)
{
	_cleanup_json_ json_t *answer = NULL;
	unsigned status = ask(what, body, &answer);
	const char *err = json_string_value(json_object_get(answer, "Err"));

	if (status != 500 || !err || !strstr(err, text))
		fail_msg("%s %s: %u '%s', not '%s'", what, body, status, err ? err : "", text);
}

/* Ask until the answer is not that it goes on. The status; Err goes to TEXT. */
static unsigned insist(const char *what, const char *body, char *text, size_t size)
{
	for (;;) {
		_cleanup_json_ json_t *answer = NULL;
		unsigned status = ask(what, body, &answer);

		snprintf(text, size, "%s", json_string_value(json_object_get(answer, "Err")));
		if (!strstr(text, "still running"))
			return status;
	}
}

/* There is no volume NAME: on a busy machine it may take long to know. */
static void misses(const char *name)
{
	char body[128], text[256];

	snprintf(body, sizeof(body), "{\"Name\":\"%s\"}", name);
	assert_int_equal(insist("VolumeDriver.Get", body, text, sizeof(text)), 500);
	assert_non_null(strstr(text, "no such volume"));
}

static void test_activate(void **state)
{
	_cleanup_json_ json_t *active = NULL, *able = NULL;

	(void)state;
	works("Plugin.Activate", "", &active);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(active, "Implements"), 0)),
		"VolumeDriver");
	works("VolumeDriver.Capabilities", "{}", &able);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(able, "Capabilities"), "Scope")),
		"global");
}

static void test_life(void **state)
{
	_cleanup_json_ json_t *mounted = NULL, *path = NULL, *got = NULL, *list = NULL;

	(void)state;
	misses("data");
	works("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":{\"from\":\"golden\"}}", NULL);
	works("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":{\"from\":\"golden\"}}", NULL);
	works("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":null}", NULL);
	fails("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":{\"from\":\"other\"}}",
	      "with other options: from=golden");
	works("VolumeDriver.Path", "{\"Name\":\"data\"}", &path);
	assert_string_equal(json_string_value(json_object_get(path, "Mountpoint")), "");
	works("VolumeDriver.Mount", "{\"Name\":\"data\",\"ID\":\"a\"}", &mounted);
	assert_string_equal(json_string_value(json_object_get(mounted, "Mountpoint")), "/mnt/data");
	works("VolumeDriver.Mount", "{\"Name\":\"data\",\"ID\":\"a\"}", NULL);
	works("VolumeDriver.Mount", "{\"Name\":\"data\",\"ID\":\"b\"}", NULL);
	assert_int_equal(fake_find("rbd/data")->users, 2);
	works("VolumeDriver.Get", "{\"Name\":\"data\"}", &got);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(got, "Volume"), "Mountpoint")),
		"/mnt/data");
	works("VolumeDriver.List", "", &list);
	assert_int_equal(json_array_size(json_object_get(list, "Volumes")), 1);
	fails("VolumeDriver.Remove", "{\"Name\":\"data\"}", "mounted here for 2 users");
	works("VolumeDriver.Unmount", "{\"Name\":\"data\",\"ID\":\"a\"}", NULL);
	works("VolumeDriver.Unmount", "{\"Name\":\"data\",\"ID\":\"a\"}", NULL);
	assert_true(fake_find("rbd/data")->staged);
	works("VolumeDriver.Unmount", "{\"Name\":\"data\",\"ID\":\"b\"}", NULL);
	assert_false(fake_find("rbd/data")->staged);
	works("VolumeDriver.Remove", "{\"Name\":\"data\"}", NULL);
	works("VolumeDriver.Remove", "{\"Name\":\"nobody\"}", NULL);
	works("VolumeDriver.Unmount", "{\"Name\":\"nobody\",\"ID\":\"a\"}", NULL);
}

/* Names that no runtime has, and paths in disguise. */
static void test_names(void **state)
{
	static const char *const bad[] = {"",	"..", "../../etc", "/etc", "a/b",   "a@b",
					  ".a", "-a", "a b",	   "a\\n", "a%2fb", "\xc3\xa4"};
	char body[8192], name[4097];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(body, sizeof(body),
			 "{\"Name\":\"%s\",\"ID\":\"a\",\"Opts\":{\"size\":"
			 "\"1G\"}}",
			 bad[i]);
		fails("VolumeDriver.Create", body, "is not a volume name");
		fails("VolumeDriver.Mount", body, "is not a volume name");
		fails("VolumeDriver.Get", body, "is not a volume name");
	}
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(body, sizeof(body), "{\"Name\":\"%s\",\"Opts\":{\"size\":\"1G\"}}", name);
	fails("VolumeDriver.Create", body, "is not a volume name");
	fails("VolumeDriver.Create", "{}", "no Name");
	fails("VolumeDriver.Create", "[", "not JSON");
	fails("VolumeDriver.Create", "[]", "not a JSON object");
	fails("VolumeDriver.Mount", "{\"Name\":\"data\"}", "has no id");
	snprintf(body, sizeof(body), "{\"Name\":\"data\",\"ID\":\"%.300s\"}", name);
	fails("VolumeDriver.Mount", body, "is too long");
}

static void test_options(void **state)
{
	static const struct {
		const char *opts, *text;
	} bad[] = {
		{"\"frob\":\"1\"", "no option 'frob'"},
		{"\"size\":\"\"", "empty value"},
		{"\"size\":\"0\"", "size"},
		{"\"size\":\"-1\"", "size"},
		{"\"size\":1", "not a string"},
		{"\"from\":\"a//b\"", "option 'from'"},
		{"\"pool\":\"a/b\"", "option 'pool'"},
		{"\"pool\":\"..\"", "option 'pool'"},
		{"\"namespace\":\"a@b\"", "option 'namespace'"},
		{"\"mode\":\"0999\"", "octal"},
		{"\"mode\":\"4755\"", "octal"},
		{"\"mode\":\"-1\"", "octal"},
		{"\"uid\":\"root\"", "uid"},
		{"\"gid\":\"4294967295\"", "gid"},
		{"\"keep\":\"maybe\"", "keep"},
		{"\"read-only\":\"2\"", "read-only"},
		{"\"fs\":\"a\\nb\"", "control character"},
		{"\"mount-options\":\"frob\"", "frob"},
		{"\"from\":\"g\",\"fs\":\"ext4\"", "excludes"},
		{"\"size\":\"1G\",\"read-only\":\"yes\"", "read-only"},
		{"\"size\":\"10\"", "too few for a volume"},
		{"\"size\":\"512K\"", "no room for a file system of type ext4"},
		{"\"size\":\"100M\",\"fs\":\"xfs\"", "no room for a file system of type xfs"},
		{"\"size\":\"1G\",\"mount-options\":\"noatime,suid\"", "the mount option 'suid'"},
		{"\"size\":\"1G\",\"mount-options\":\"dev\"", "plugin-mount-options"},
		{"\"size\":\"1G\",\"map-options\":\"notrim,ms_mode=legacy\"", "'ms_mode=legacy'"},
		{"\"size\":\"1G\",\"map-options\":\"nocephx_sign_messages\"", "plugin-map-options"},
		{"\"size\":\"1G\",\"pool\":\"far\"", "no container volumes in far"},
		{"\"size\":\"1G\",\"namespace\":\"team\"", "in rbd/team"},
	};
	char body[4096], pool[252] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(body, sizeof(body), "{\"Name\":\"data\",\"Opts\":{%s}}", bad[i].opts);
		fails("VolumeDriver.Create", body, bad[i].text);
	}
	memset(pool, 'p', sizeof(pool) - 1);
	snprintf(body, sizeof(body), "{\"Name\":\"data\",\"Opts\":{\"pool\":\"%s\"}}", pool);
	fails("VolumeDriver.Create", body, "too long");
	snprintf(body, sizeof(body), "{\"Name\":\"data\",\"Opts\":{\"mount-options\":\"%03100d\"}}",
		 0);
	fails("VolumeDriver.Create", body, "longer than 3072 bytes");
	fails("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":[]}", "not a JSON object");
	fails("VolumeDriver.Create", "{\"Name\":\"data\"}", "from=PARENT or size=SIZE");
}

/* What the note says is what was given, whatever the order, and nothing else. */
static void test_note(void **state)
{
	_cleanup_docker_options_ struct docker_options o = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *again = NULL;

	(void)state;
	works("VolumeDriver.Create",
	      "{\"Name\":\"data\",\"Opts\":{\"keep\":\"yes\",\"mode\":\"1777\",\"size\":\"1G\"}}",
	      NULL);
	assert_string_equal(fake_find("rbd/data")->note, "size=1G\nmode=1777\nkeep=yes\n");
	assert_int_equal(docker_options_parse(fake_find("rbd/data")->note, &o, &e), 0);
	assert_true(o.keep_given && o.keep && o.stage.mode_given && o.stage.mode == 01777);
	assert_string_equal(o.stage.fs, "ext4");
	again = docker_options_format(&o);
	assert_string_equal(again, fake_find("rbd/data")->note);
	works("VolumeDriver.Remove", "{\"Name\":\"data\"}", NULL);
	assert_string_equal(fake_find("rbd/data")->note, ""); /* kept, and free for others */
}

/* A volume that another host made, in another pool: found by its note. */
static void test_other_pool(void **state)
{
	_cleanup_json_ json_t *got = NULL;

	(void)state;
	fake_image("ssd/team/data", "from=golden\npool=ssd\nnamespace=team\n");
	fake_image("ssd/plain", ""); /* nobody made it for a runtime */
	misses("plain");
	works("VolumeDriver.Mount", "{\"Name\":\"data\",\"ID\":\"a\"}", NULL);
	assert_int_equal(fake_find("ssd/team/data")->users, 1);
	works("VolumeDriver.Get", "{\"Name\":\"data\"}", &got);
	works("VolumeDriver.Unmount", "{\"Name\":\"data\",\"ID\":\"a\"}", NULL);
	assert_false(fake_find("ssd/team/data")->staged);
	fails("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":{\"size\":\"1G\"}}",
	      "exists already, as ssd/team/data");
}

/* Who may write to some other pool cannot give this host a volume under a name of his choice, nor
 * decide by a note how this host mounts one. */
static void test_planted(void **state)
{
	(void)state;
	fake_image("far/planted", "size=1G\npool=far\n");
	fake_image("ssd/other/planted", "size=1G\n");
	misses("planted");
	fake_image("rbd/ours", "size=1G\nmount-options=suid\n");
	fails("VolumeDriver.Mount", "{\"Name\":\"ours\",\"ID\":\"a\"}", "the mount option 'suid'");
	fake_image("rbd/mapped", "size=1G\nmap-options=ms_mode=crc\n");
	fails("VolumeDriver.Mount", "{\"Name\":\"mapped\",\"ID\":\"a\"}", "'ms_mode=crc'");
	works("VolumeDriver.Remove", "{\"Name\":\"mapped\"}", NULL);
	fake_image("rbd/fine", "size=1G\nmount-options=noatime\nmap-options=notrim\n");
	works("VolumeDriver.Mount", "{\"Name\":\"fine\",\"ID\":\"a\"}", NULL);
}

/* What was not made for a runtime stays when it is removed, unless it was told otherwise, and what
 * another host has stays his. What is in the configured pool comes before what is elsewhere. */
static void test_whose_it_is(void **state)
{
	_cleanup_json_ json_t *got = NULL;

	(void)state;
	fake_image("rbd/old", "");
	works("VolumeDriver.Create", "{\"Name\":\"old\",\"Opts\":{\"size\":\"1G\"}}", NULL);
	assert_false(fake_find("rbd/old")->made);
	works("VolumeDriver.Remove", "{\"Name\":\"old\"}", NULL);
	assert_string_equal(fake_find("rbd/old")->note, ""); /* not deleted, and nobody's */
	works("VolumeDriver.Create", "{\"Name\":\"new\",\"Opts\":{\"size\":\"1G\"}}", NULL);
	assert_true(fake_find("rbd/new")->made);
	works("VolumeDriver.Remove", "{\"Name\":\"new\"}", NULL);
	assert_string_equal(fake_find("rbd/new")->note, "size=1G\n"); /* deleted, with its note */

	fake_image("rbd/far", "keep=yes\n");
	fake_find("rbd/far")->held_elsewhere = true;
	fails("VolumeDriver.Remove", "{\"Name\":\"far\"}", "held by host other");
	assert_string_equal(fake_find("rbd/far")->note, "keep=yes\n");

	fake_image("rbd/both", "");
	fake_image("ssd/both", "size=1G\npool=ssd\n");
	works("VolumeDriver.Mount", "{\"Name\":\"both\",\"ID\":\"a\"}", NULL);
	assert_int_equal(fake_find("rbd/both")->users, 1);
	works("VolumeDriver.Get", "{\"Name\":\"both\"}", &got);
}

/* The cluster is away: what is known here is answered all the same, and nothing is taken for
 * missing. */
static void test_unreachable(void **state)
{
	(void)state;
	works("VolumeDriver.Create", "{\"Name\":\"data\",\"Opts\":{\"size\":\"1G\"}}", NULL);
	works("VolumeDriver.Mount", "{\"Name\":\"data\",\"ID\":\"a\"}", NULL);
	fake_unreachable(true);
	works("VolumeDriver.Get", "{\"Name\":\"data\"}", NULL);
	works("VolumeDriver.Path", "{\"Name\":\"data\"}", NULL);
	works("VolumeDriver.List", "", NULL);
	works("VolumeDriver.Mount", "{\"Name\":\"data\",\"ID\":\"b\"}", NULL);
	fails("VolumeDriver.Get", "{\"Name\":\"other\"}", "no monitor answers");
	fake_unreachable(false);
}

/* Who asks for the volume slow until he has it is its one user. */
static void mounts_at_last(const char *body, unsigned stagings)
{
	char text[256];

	assert_int_equal(insist("VolumeDriver.Mount", body, text, sizeof(text)), 200);
	assert_int_equal(fake_find("rbd/slow")->users, 1);
	assert_int_equal(fake_find("rbd/slow")->stagings, stagings);
}

/* Who was told 'not yet' is not counted; who asks again finds it done. */
static void test_not_waited_for(void **state)
{
	(void)state;
	fake_image("rbd/slow", "keep=yes\n");
	fails("VolumeDriver.Mount", "{\"Name\":\"slow\",\"ID\":\"first\"}", "still running: job");
	fails("VolumeDriver.Mount", "{\"Name\":\"slow\",\"ID\":\"second\"}", "still running: job");
	fake_gate(true);
	mounts_at_last("{\"Name\":\"slow\",\"ID\":\"third\"}", 1);
}

/* Who unmounts has let go, however long the rest takes; who mounts next waits for that. */
static void test_let_go_not_waited_for(void **state)
{
	static const char *const unmount = "VolumeDriver.Unmount";

	(void)state;
	fake_image("rbd/slow", "keep=yes\n");
	fake_gate(true);
	works("VolumeDriver.Mount", "{\"Name\":\"slow\",\"ID\":\"first\"}", NULL);
	fake_gate(false);
	works(unmount, "{\"Name\":\"slow\",\"ID\":\"first\"}", NULL);
	works(unmount, "{\"Name\":\"slow\",\"ID\":\"first\"}", NULL);
	assert_int_equal(fake_find("rbd/slow")->users, 0);
	assert_true(fake_find("rbd/slow")->staged);
	fake_gate(true);
	mounts_at_last("{\"Name\":\"slow\",\"ID\":\"next\"}", 2);
}

/* What fails after that is not the runtime's to know. */
static void test_let_go_fails(void **state)
{
	(void)state;
	fake_image("rbd/stuck", "keep=yes\n");
	works("VolumeDriver.Mount", "{\"Name\":\"stuck\",\"ID\":\"a\"}", NULL);
	works("VolumeDriver.Unmount", "{\"Name\":\"stuck\",\"ID\":\"a\"}", NULL);
	assert_true(fake_find("rbd/stuck")->staged);
	assert_int_equal(fake_find("rbd/stuck")->users, 0);
	works("VolumeDriver.Mount", "{\"Name\":\"stuck\",\"ID\":\"b\"}", NULL);
	assert_int_equal(fake_find("rbd/stuck")->stagings, 1);
}

/* A failure that came too late for who asked is what the next one is told, once. */
static void test_late_failure(void **state)
{
	static const char *const mount = "VolumeDriver.Mount";
	char text[256];

	(void)state;
	fake_image("rbd/broken", "keep=yes\n");
	fails(mount, "{\"Name\":\"broken\",\"ID\":\"first\"}", "still running: job");
	fails(mount, "{\"Name\":\"broken\",\"ID\":\"second\"}", "still running: job");
	fake_gate(true);
	insist(mount, "{\"Name\":\"broken\",\"ID\":\"third\"}", text, sizeof(text));
	assert_non_null(strstr(text, "the attempt before: the map has failed"));
	assert_int_equal(fake_find("rbd/broken")->stagings, 1);
	insist(mount, "{\"Name\":\"broken\",\"ID\":\"fourth\"}", text, sizeof(text));
	assert_non_null(strstr(text, "the map has failed"));
	assert_int_equal(fake_find("rbd/broken")->stagings, 2);
}

static void *mount_one(void *arg)
{
	char body[80];

	snprintf(body, sizeof(body), "{\"Name\":\"web\",\"ID\":\"id%d\"}", *(int *)arg);
	works("VolumeDriver.Mount", body, NULL);
	works("VolumeDriver.Unmount", body, NULL);
	return NULL;
}

static void test_many_at_once(void **state)
{
	pthread_t threads[8];
	int numbers[8];

	(void)state;
	fake_image("rbd/web", "keep=yes\n");
	for (int i = 0; i < 8; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, mount_one, &numbers[i]);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_false(fake_find("rbd/web")->staged);
	assert_int_equal(fake_find("rbd/web")->users, 0);
}

/* Root alone: the mode says so, and the daemon does not go by the mode. */
static void test_for_root_alone(void **state)
{
	const struct id_list changers = {.uids = (uid_t[]){1000}, .n_uids = 1};
	const struct peer other = {.uid = 1000, .gid = 1000};
	struct stat st;

	(void)state;
	assert_int_equal(stat(server.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_fails(peer_check(&other, ACCESS_ROOT, &changers, &e), -EPERM, ERR_NOT_PERMITTED,
		     "not root");
	for (size_t i = 0; i < docker_front.routes_n; i++)
		assert_int_equal(docker_front.routes[i].access, ACCESS_ROOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_activate, forget),
		cmocka_unit_test_teardown(test_life, forget),
		cmocka_unit_test_teardown(test_names, forget),
		cmocka_unit_test_teardown(test_options, forget),
		cmocka_unit_test_teardown(test_note, forget),
		cmocka_unit_test_teardown(test_other_pool, forget),
		cmocka_unit_test_teardown(test_planted, forget),
		cmocka_unit_test_teardown(test_unreachable, forget),
		cmocka_unit_test_setup_teardown(test_not_waited_for, impatient, patient_again),
		cmocka_unit_test_setup_teardown(test_let_go_not_waited_for, impatient,
						patient_again),
		cmocka_unit_test_teardown(test_let_go_fails, forget),
		cmocka_unit_test_setup_teardown(test_late_failure, impatient, patient_again),
		cmocka_unit_test_teardown(test_whose_it_is, forget),
		cmocka_unit_test_teardown(test_many_at_once, forget),
		cmocka_unit_test_teardown(test_for_root_alone, forget),
	};

	return cmocka_run_group_tests_name("docker", tests, setup, teardown);
}
