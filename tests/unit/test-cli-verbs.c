/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each verb as a user sees it: what is asked of the daemon, what is printed, the exit status. The
 * daemon is a thread that has one answer for each line it may be asked. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "cli/options.h"
#include "cli/verb.h"
#include "tests/unit/unit.h"

#include <fcntl.h>

#define PATH_ROOM 64

static const struct exchange {
	const char *asked; /* method and target */
	const char *status, *body;
} exchanges[] = {
	{"POST /v1/volumes/web1/attach ", "200 OK",
	 "{\"volume\":\"rbd/web1\",\"device\":\"/dev/rbd0\",\"link\":\"/dev/rbdvol/rbd/web1\","
	 "\"notes\":[\"feature journaling\\nleft out\"]}"},
	{"POST /v1/volumes/nolink/attach ", "200 OK", "{\"volume\":\"rbd/nolink\"}"},
	{"POST /v1/volumes/held/attach ", "423 Locked",
	 "{\"error\":{\"code\":\"held\",\"message\":\"rbd/held is held by h2\",\"hint\":\"ask "
	 "it\",\"volume\":\"rbd/held\"}}"},
	{"PUT /v1/volumes/p%2Fn%2Fa%40s ", "200 OK", "{\"volume\":\"p/n/a@s\",\"notes\":[]}"},
	{"DELETE /v1/volumes/a ", "200 OK", "{\"volume\":\"rbd/a\"}"},
	{"DELETE /v1/volumes/b ", "404 Not Found",
	 "{\"error\":{\"code\":\"not-found\",\"message\":\"no image rbd/b\"}}"},
	{"DELETE /v1/volumes/c ", "423 Locked",
	 "{\"error\":{\"code\":\"busy\",\"message\":\"rbd/c has watchers\"}}"},
	{"POST /v1/volumes/%2Fdev%2Frbd0/detach ", "200 OK", "{\"volume\":\"rbd/a\"}"},
	{"GET /v1/volumes ", "200 OK",
	 "{\"volumes\":[{\"volume\":\"rbd/a\",\"size\":1536,\"device\":\"/dev/"
	 "rbd0\",\"mounts\":[\"/"
	 "a\",\"/b\"]},{\"volume\":\"rbd/idle\",\"mounts\":[]},{\"volume\":\"rbd/r\",\"read_only\":"
	 "true,\"mounts\":[\"/r\"]},{\"volume\":\"rbd/c\",\"mounts\":[\"/c\"]}]}"},
	{"GET /v1/volumes?all=yes&pool=p%26q ", "200 OK",
	 "{\"volumes\":[{\"volume\":\"p/\\u001b[31m\",\"held_by\":{\"host\":\"h2\"}}],\"notes\":["
	 "\"one pool is away\"]}"},
	{"GET /v1/volumes?pool=none ", "200 OK", "{\"volumes\":[]}"},
	{"POST /v1/volumes/rbd%2Fa/trim ", "200 OK",
	 "{\"volume\":\"rbd/a\",\"trimmed\":1048576,\"filesystems\":1,\"usage_before\":{\"stored\":"
	 "8388608},\"usage\":{\"stored\":4194304}}"},
	{"POST /v1/volumes/rbd%2Fidle/trim ", "200 OK",
	 "{\"volume\":\"rbd/idle\",\"trimmed\":0,\"filesystems\":0}"},
	{"POST /v1/volumes/rbd%2Fc/trim ", "200 OK", "{\"volume\":\"rbd/c\",\"trimmed\":2097152}"},
	{"GET /v1/volumes/web1 ", "200 OK",
	 "{\"volume\":\"rbd/web1\",\"size\":10737418240,\"parent\":\"rbd/golden@s\",\"parent_in_"
	 "trash\":true,\"overlap\":1073741824,\"stripe_unit\":4194304,\"stripe_count\":2,"
	 "\"features\":[\"layering\",\"fast-diff\"],\"device\":\"/dev/rbd0\",\"read_only\":true,"
	 "\"filesystem\":{\"type\":\"ext4\",\"label\":\"root\"},\"held_by\":{\"host\":\"h1\","
	 "\"address\":\"10.0.0.1:0/1\",\"since\":\"2026-01-01T00:00:00Z\",\"shared\":true}}"},
	{"GET /v1/volumes/bare ", "200 OK",
	 "{\"volume\":\"rbd/bare\",\"parent\":null,\"size\":-1}"},
	{"POST /v1/volumes/rbd%2Fa/wipe ", "200 OK",
	 "{\"volume\":\"rbd/a\",\"usage_before\":{\"used\":4194304},\"usage\":{\"used\":0}}"},
	{"GET /v1/jobs ", "200 OK",
	 "{\"jobs\":[{\"id\":17,\"verb\":\"attach\",\"volume\":\"rbd/a\",\"step\":\"map\",\"age\":"
	 "125.5,\"state\":\"running\",\"step_age\":3.25,\"progress\":0.62},{\"id\":\"x\",\"verb\":"
	 "7,\"age\":\"y\"}]"
	 "}"},
};

struct daemon {
	pthread_t thread;
	int fd;
	char directory[PATH_ROOM], path[PATH_ROOM];
};

static void answer_one(int fd)
{
	char request[4096] = "";
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
	const struct exchange *x = NULL;

	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(exchanges); i++)
		if (!strncmp(request, exchanges[i].asked, strlen(exchanges[i].asked)))
			x = &exchanges[i];
	dprintf(fd, "HTTP/1.0 %s\r\nContent-Type: application/json\r\n\r\n%s",
		x ? x->status : "500 Not Expected", x ? x->body : request);
}

static void *serve(void *arg)
{
	struct daemon *d = arg;

	for (;;) {
		_cleanup_close_ int fd = accept(d->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		answer_one(fd);
	}
}

static int daemon_up(void **state)
{
	struct daemon *d = calloc(1, sizeof(*d));
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(d->directory, sizeof(d->directory), "/tmp/rbdvol-test-XXXXXX");
	assert_non_null(mkdtemp(d->directory));
	assert_true(snprintf(d->path, sizeof(d->path), "%.40s/api.sock", d->directory) > 0);
	memcpy(a.sun_path, d->path, strlen(d->path));
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(d->fd, 5), 0);
	setenv("RBDVOL_SOCKET", d->path, 1);
	assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
	*state = d;
	return 0;
}

static int daemon_down(void **state)
{
	struct daemon *d = *state;

	shutdown(d->fd, SHUT_RDWR);
	pthread_join(d->thread, NULL);
	close(d->fd);
	unlink(d->path);
	rmdir(d->directory);
	free(d);
	return 0;
}

/* Send STREAM into a file in memory; returns what restores it. */
static int divert(FILE *stream, int *memory)
{
	int saved;

	fflush(stream);
	saved = dup(fileno(stream));
	*memory = memfd_create("output", MFD_CLOEXEC);
	dup2(*memory, fileno(stream));
	return saved;
}

static char *restore(FILE *stream, int saved, int memory)
{
	char path[PATH_ROOM], *text = NULL;
	size_t len;

	fflush(stream);
	dup2(saved, fileno(stream));
	close(saved);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	close(memory);
	return text;
}

static int run(const char *line)
{
	_cleanup_cli_ struct cli cli = {0};
	_cleanup_err_ struct err *e = NULL;
	_cleanup_free_ char *copy = strdup(line);
	const struct verb_info *verb;
	char *argv[8] = {(char *)"rbdvol"}, *save = NULL, **args;
	int argc = 1, n;

	for (char *w = strtok_r(copy, " ", &save); w && argc < 7; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	assert_int_equal(cli_init(&cli, &e), 0);
	assert_int_equal(options_parse(&cli, argc, argv, &verb, &n, &args, &e), OPTIONS_RUN);
	return verb_runner_of(verb->verb)(&cli, verb->verb, n, args);
}

static void expect(const char *line, int want_status, const char *want_out, const char *want_err)
{
	int out_memory, err_memory;
	int out_saved = divert(stdout, &out_memory), err_saved = divert(stderr, &err_memory);
	int status = run(line);
	_cleanup_free_ char *err = restore(stderr, err_saved, err_memory);
	_cleanup_free_ char *out = restore(stdout, out_saved, out_memory);

	assert_string_equal(err, want_err);
	assert_string_equal(out, want_out);
	assert_int_equal(status, want_status);
}

static void attach_prints_the_link_alone(void **state)
{
	(void)state;
	expect("attach web1", 0, "/dev/rbdvol/rbd/web1\n",
	       "rbdvol: note: feature journaling?left out\n");
	expect("attach nolink", 1, "",
	       "rbdvol: nolink is attached, but rbdvold reports no link of it\n");
	expect("attach held", 6, "", "rbdvol: rbd/held is held by h2 (ask it)\n");
}

static void json_is_the_daemons_answer_and_its_error(void **state)
{
	(void)state;
	expect("attach nolink --json", 0, "{\"volume\":\"rbd/nolink\"}\n", "");
	expect("attach held --json", 6,
	       "{\"error\":{\"code\":\"held\",\"message\":\"rbd/held is held by "
	       "h2\",\"hint\":\"ask "
	       "it\",\"volume\":\"rbd/held\"}}\n",
	       "rbdvol: rbd/held is held by h2 (ask it)\n");
	expect("list --pool none --json", 0, "{\"volumes\":[]}\n", "");
	expect("show web1 --json --socket /nowhere", 7,
	       "{\"error\":{\"code\":\"unreachable\",\"message\":\"rbdvold does not answer at "
	       "/nowhere: No such file or directory\",\"hint\":\"start it: systemctl start "
	       "rbdvold\"}}\n",
	       "rbdvol: rbdvold does not answer at /nowhere: No such file or directory (start it: "
	       "systemctl start rbdvold)\n");
}

static void verbs_that_change_are_silent(void **state)
{
	(void)state;
	expect("create p/n/a@s --size 1G", 0, "", "");
	expect("delete a", 0, "", "");
	expect("detach /dev/rbd0", 0, "", "");
}

static void each_volume_is_tried_and_the_first_failure_counts(void **state)
{
	(void)state;
	expect("delete b a c", 3, "", "rbdvol: no image rbd/b\nrbdvol: rbd/c has watchers\n");
	expect("delete c b", 5, "", "rbdvol: rbd/c has watchers\nrbdvol: no image rbd/b\n");
}

static void list_is_a_table(void **state)
{
	(void)state;
	expect("list", 0,
	       "VOLUME      SIZE PARENT DEVICE    MOUNTED\n"
	       "rbd/a    1.5 KiB -      /dev/rbd0 /a, /b\n"
	       "rbd/idle       - -      -         -\n"
	       "rbd/r          - -      -         /r\n"
	       "rbd/c          - -      -         /c\n",
	       "");
	expect("list --pool none", 0, "", "");
	expect("list --all --pool p&q", 0,
	       "VOLUME     SIZE PARENT DEVICE MOUNTED HELD BY\n"
	       "p/\\x1b[31m    - -      -      -       h2\n",
	       "rbdvol: note: one pool is away\n");
}

static void show_is_a_list_of_what_is_known(void **state)
{
	(void)state;
	expect("show web1", 0,
	       "volume:          rbd/web1\n"
	       "size:            10 GiB (10737418240 bytes)\n"
	       "parent:          rbd/golden@s, in the trash (1 GiB of it shared)\n"
	       "striping:        4 MiB over 2 objects\n"
	       "features:        layering, fast-diff\n"
	       "held by:         h1 (10.0.0.1:0/1) since 2026-01-01T00:00:00Z, shared\n"
	       "device:          /dev/rbd0, read-only\n"
	       "content:         ext4, label root\n",
	       "");
	expect("show bare", 0,
	       "volume:          rbd/bare\n"
	       "device:          not attached here\n",
	       "");
}

static void trim_all_trims_what_is_mounted_for_writing(void **state)
{
	(void)state;
	expect("trim --all", 0,
	       "VOLUME TRIMMED OBJECTS         STORED\n"
	       "rbd/a    1 MiB       - 8 MiB -> 4 MiB\n"
	       "rbd/c    2 MiB       -              -\n"
	       "total    3 MiB       - 8 MiB -> 4 MiB\n",
	       "");
	expect("trim rbd/c", 0,
	       "VOLUME TRIMMED OBJECTS STORED\n"
	       "rbd/c    2 MiB       -      -\n",
	       "");
	expect("trim", 2, "",
	       "rbdvol: trim of what? a VOLUME or --all is missing (rbdvol trim --help)\n");
	expect("trim a --all", 2, "",
	       "rbdvol: trim takes either volumes or --all, not both (rbdvol trim --help)\n");
}

static void wipe_tells_what_the_cluster_got_back(void **state)
{
	(void)state;
	expect("wipe rbd/a --algorithm trim --yes", 0,
	       "rbd/a: wiped, 0 B in the cluster, 4 MiB before\n", "");
}

static void jobs_are_a_table(void **state)
{
	(void)state;
	expect("jobs", 0,
	       "ID VERB   VOLUME STEP       AGE STATE   IN STEP DONE ERROR\n"
	       "17 attach rbd/a  map  2 min 5 s running   3.2 s 62 % -\n"
	       " - -      -      -            - -             -    - -\n",
	       "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_prints_the_link_alone),
		cmocka_unit_test(json_is_the_daemons_answer_and_its_error),
		cmocka_unit_test(verbs_that_change_are_silent),
		cmocka_unit_test(each_volume_is_tried_and_the_first_failure_counts),
		cmocka_unit_test(list_is_a_table),
		cmocka_unit_test(show_is_a_list_of_what_is_known),
		cmocka_unit_test(wipe_tells_what_the_cluster_got_back),
		cmocka_unit_test(trim_all_trims_what_is_mounted_for_writing),
		cmocka_unit_test(jobs_are_a_table),
	};

	unsetenv("CEPH_ARGS");
	return cmocka_run_group_tests(tests, daemon_up, daemon_down);
}
