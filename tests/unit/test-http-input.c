/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bad input at the door: rbdvold itself, on a socket of its own and without a cluster, gets 100,000
 * requests that are malformed, cut, slow or huge, by root and by a user who may nothing, whatever
 * the socket's mode is. SEED=N, which a failure tells, runs the same ones again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/deadline.h"
#include "daemon/connections.h"
#include "tests/unit/http-input.h"
#include "tests/unit/unit.h"

/* Sanitizers make the daemon's many short threads eight times as dear. */
#ifdef RBDVOL_SANITIZED
#define REQUESTS 10000
#else
#define REQUESTS 100000
#endif
#define CLIENTS	      4 /* threads; the last one is the foreign user */
#define OUTSIDER      65534
#define SLOW_ROOT     100 /* connections that never get a request done */
#define SLOW_OUTSIDER 40
#define PATIENCE_S    60 /* for an answer: after that, rbdvold is stuck */
#define ANSWER_MAX    65536

static struct {
	char directory[32], socket[64];
	pid_t pid;
	int log;
} daemon_;

static struct {
	atomic_uint sent, answered, refused;
	atomic_uint stuck;  /* no end of the connection in PATIENCE_S */
	atomic_uint odd;    /* an answer that is none */
	atomic_uint served; /* to the outsider */
	atomic_uint clients;
} tally;

static uint64_t seed;

static void write_file(const char *name, const char *text)
{
	_cleanup_free_ char *path = NULL;
	FILE *f;

	assert_true(asprintf(&path, "%s/%s", daemon_.directory, name) > 0);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* A connection of the user UID; only this thread is somebody else meanwhile. */
static int connect_as(uid_t uid)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -1;
	memcpy(address.sun_path, daemon_.socket, strlen(daemon_.socket));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (uid)
		syscall(SYS_setresuid, -1, uid, -1);
	r = connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (uid)
		syscall(SYS_setresuid, -1, 0, -1);
	if (!r)
		return fd;
	close(fd);
	return -1;
}

/* Until the other end hangs up. -EAGAIN: it does not. */
static int read_answer(int fd, char answer[static ANSWER_MAX])
{
	char beyond[4096];
	size_t n = 0;

	for (;;) {
		bool room = n < ANSWER_MAX - 1;
		ssize_t r = room ? recv(fd, answer + n, ANSWER_MAX - 1 - n, 0)
				 : recv(fd, beyond, sizeof(beyond), 0);

		if (r < 0 && errno == EAGAIN)
			return -EAGAIN;
		if (r <= 0)
			break;
		n += room ? (size_t)r : 0;
	}
	answer[n] = '\0';
	return 0;
}

/* What may be sent, then no more; the answer, possibly none. */
static int exchange(uid_t uid, const char *bytes, size_t len, char answer[static ANSWER_MAX])
{
	_cleanup_close_ int fd = connect_as(uid);
	size_t done = 0;

	*answer = '\0';
	if (fd < 0)
		return -errno;
	while (done < len) {
		ssize_t r = send(fd, bytes + done, len - done, MSG_NOSIGNAL);

		if (r < 0 && errno == EAGAIN)
			return -EAGAIN;
		if (r < 0)
			break; /* it has enough */
		done += (size_t)r;
	}
	shutdown(fd, SHUT_WR);
	return read_answer(fd, answer);
}

static unsigned status_of(const char *answer)
{
	unsigned status = 0;

	return sscanf(answer, "HTTP/1.%*u %u", &status) == 1 ? status : 0;
}

/* Root asks, as ever; what comes, comes in time. */
static void assert_answers(const char *path)
{
	_cleanup_free_ char *answer = malloc(ANSWER_MAX);
	char request[128];

	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nHost: x\r\n\r\n", path);
	assert_int_equal(exchange(0, request, strlen(request), answer), 0);
	assert_int_equal(status_of(answer), 200);
}

static unsigned entries(const char *what)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/%s", daemon_.pid, what);
	d = opendir(path);
	assert_non_null(d);
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		n += *e->d_name != '.';
	closedir(d);
	return n;
}

/* In a build with the thread sanitizer: Ceph's libraries are not built with it, so it does not see
 * how they lock. */
static void leave_ceph_alone(void)
{
	_cleanup_free_ char *options = NULL;

	write_file("suppressions", "called_from_lib:libceph-common\ncalled_from_lib:librados\n");
	if (asprintf(&options, "suppressions=%s/suppressions", daemon_.directory) > 0)
		setenv("TSAN_OPTIONS", options, 1);
}

static _Noreturn void be_daemon(void)
{
	_cleanup_free_ char *program = NULL, *config = NULL;
	const char *build = getenv("top_builddir");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(daemon_.log, STDOUT_FILENO);
	dup2(daemon_.log, STDERR_FILENO);
	if (asprintf(&program, "%s/rbdvold", build ? build : ".") > 0 &&
	    asprintf(&config, "%s/rbdvol.conf", daemon_.directory) > 0)
		execl(program, program, "--foreground", "--config", config, "--socket",
		      daemon_.socket, NULL);
	_exit(127);
}

/* The socket is there for everybody: who may do what must not hang on its mode. */
static int setup(void **state)
{
	char text[128];
	int fd;

	(void)state;
	snprintf(daemon_.directory, sizeof(daemon_.directory), "/tmp/rbdvol-test-XXXXXX");
	assert_non_null(mkdtemp(daemon_.directory));
	snprintf(daemon_.socket, sizeof(daemon_.socket), "%s/run/a.sock", daemon_.directory);
	write_file("ceph.conf", "[global]\nmon host = 127.0.0.1:1\n");
	snprintf(text, sizeof(text), "[rbdvol]\ncluster-timeout = 1\nconf = %s/ceph.conf\n",
		 daemon_.directory);
	write_file("rbdvol.conf", text);
	snprintf(text, sizeof(text), "%s/log", daemon_.directory);
	daemon_.log = open(text, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(daemon_.log >= 0);
	leave_ceph_alone();
	daemon_.pid = fork();
	assert_true(daemon_.pid >= 0);
	if (!daemon_.pid)
		be_daemon();
	for (int i = 0; (fd = connect_as(0)) < 0; i++) {
		assert_true(i < 6000);
		poll(NULL, 0, 10);
	}
	close(fd);
	chmod(daemon_.directory, 0755);
	assert_int_equal(chmod(daemon_.socket, 0666), 0);
	return 0;
}

/* The caller frees it. */
static char *read_log(void)
{
	struct stat st;
	char *text;

	assert_int_equal(fstat(daemon_.log, &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_int_equal(pread(daemon_.log, text, (size_t)st.st_size, 0), st.st_size);
	return text;
}

static int teardown(void **state)
{
	static const char *const left[] = {"ceph.conf", "rbdvol.conf", "suppressions",
					   "log",	"run",	       ""};
	_cleanup_free_ char *log = NULL;
	int status;

	(void)state;
	kill(daemon_.pid, SIGTERM);
	assert_int_equal(waitpid(daemon_.pid, &status, 0), daemon_.pid);
	log = read_log();
	if (status)
		fprintf(stderr, "# rbdvold ended with %#x: %s\n", (unsigned)status, log);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", daemon_.directory, left[i]);
		remove(path);
	}
	close(daemon_.log);
	return status;
}

/* The beginning of an answer with a status of success is somewhere in what came. */
static bool was_served(const char *answer)
{
	for (const char *at = answer; at; at = strstr(at, "\nHTTP/1.")) {
		unsigned status = status_of(at + (*at == '\n'));

		if (status / 100 == 2)
			return true;
		if (!*at)
			break;
		at++;
	}
	return false;
}

static void judge(uid_t uid, int r, const char *answer)
{
	unsigned status = status_of(answer);

	if (r < 0) {
		atomic_fetch_add(&tally.stuck, 1);
		return;
	}
	if (!*answer)
		return;
	atomic_fetch_add(&tally.answered, 1);
	atomic_fetch_add(&tally.refused, status >= 400);
	if (!status || status > 599)
		atomic_fetch_add(&tally.odd, 1);
	if (uid && was_served(answer))
		atomic_fetch_add(&tally.served, 1);
}

static void *be_client(void *arg)
{
	uintptr_t number = (uintptr_t)arg;
	uid_t uid = number == CLIENTS - 1 ? OUTSIDER : 0;
	struct http_input b = {.at = malloc(HTTP_INPUT_MAX), .random = seed * CLIENTS + number + 1};
	_cleanup_free_ char *answer = malloc(ANSWER_MAX);

	for (unsigned sent = 0, n; sent < REQUESTS / CLIENTS; sent += n) {
		n = http_input_next(&b, uid);
		judge(uid, exchange(uid, b.at, b.len, answer), answer);
		atomic_fetch_add(&tally.sent, n);
	}
	free(b.at);
	atomic_fetch_sub(&tally.clients, 1);
	return NULL;
}

static uid_t slow_uid(size_t i)
{
	return i < SLOW_ROOT ? 0 : OUTSIDER;
}

/* One byte for each of those that are slow; they never end their request. One that was dropped, as
 * this machine was too busy to let us be in time, begins anew. */
static void trickle(int *fds, size_t n, unsigned tick)
{
	static const char head[] = "GET /v1/host HTTP/1.1\r\nHost: x\r\nX: ";
	char c = tick < sizeof(head) - 1 ? head[tick] : 'x';

	for (size_t i = 0; i < n; i++) {
		if (send(fds[i], &c, 1, MSG_NOSIGNAL) == 1)
			continue;
		close(fds[i]);
		fds[i] = connect_as(slow_uid(i));
		assert_true(fds[i] >= 0);
	}
}

static void cut_at_every_byte(void **state)
{
	_cleanup_free_ char *answer = malloc(ANSWER_MAX);

	(void)state;
	for (size_t i = 0; i < HTTP_INPUT_LOOKS; i++)
		for (size_t len = 0; len <= strlen(http_input_looks[i]); len++)
			judge(0, exchange(0, http_input_looks[i], len, answer), answer);
	for (size_t i = 0; i < HTTP_INPUT_CHANGES; i++)
		for (size_t len = 0; len <= strlen(http_input_changes[i]); len++)
			judge(OUTSIDER, exchange(OUTSIDER, http_input_changes[i], len, answer),
			      answer);
	assert_int_equal(atomic_load(&tally.stuck), 0);
	assert_int_equal(atomic_load(&tally.odd), 0);
	assert_int_equal(atomic_load(&tally.served), 0);
	assert_answers("/v1/host");
}

/* A cluster that cannot be had takes its second, and what stands in its queue. */
static void wait_for_idle(unsigned descriptors, unsigned threads)
{
	struct deadline deadline = deadline_in(2 * PATIENCE_S * USEC_PER_SEC);

	while (entries("fd") > descriptors || entries("task") > threads) {
		if (deadline_passed(deadline))
			fail_msg("%u descriptors and %u threads, %u and %u before (SEED=%llu)",
				 entries("fd"), entries("task"), descriptors, threads,
				 (unsigned long long)seed);
		poll(NULL, 0, 50);
	}
}

static void many_and_bad(void **state)
{
	int slow[SLOW_ROOT + SLOW_OUTSIDER];
	unsigned descriptors, threads, tick = 0;
	pthread_t clients[CLIENTS];

	(void)state;
	assert_answers("/v1/volumes");
	descriptors = entries("fd");
	threads = entries("task");
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++) {
		slow[i] = connect_as(slow_uid(i));
		assert_true(slow[i] >= 0);
	}
	atomic_store(&tally.clients, CLIENTS);
	for (uintptr_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&clients[i], NULL, be_client, (void *)i), 0);
	while (atomic_load(&tally.clients)) {
		trickle(slow, ARRAY_SIZE(slow), tick++);
		assert_answers("/v1/host");
		assert_answers("/v1/volumes");
		poll(NULL, 0, 200);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	printf("# SEED=%llu: %u requests; %u answers, %u of them refusals\n",
	       (unsigned long long)seed, atomic_load(&tally.sent), atomic_load(&tally.answered),
	       atomic_load(&tally.refused));
	assert_true(atomic_load(&tally.sent) >= REQUESTS);
	assert_int_equal(atomic_load(&tally.stuck), 0);
	assert_int_equal(atomic_load(&tally.odd), 0);
	assert_int_equal(atomic_load(&tally.served), 0);
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		close(slow[i]);
	wait_for_idle(descriptors, threads);
}

/* Each change has its line in the log, with the volume's name. */
static void nothing_was_done_for_the_outsider(void **state)
{
	_cleanup_free_ char *log = read_log();

	(void)state;
	assert_null(strstr(log, "outsider"));
	assert_null(strstr(log, "Sanitizer"));
}

static const char request[] = "GET /v1/host HTTP/1.1\r\nHost: x\r\n\r\n";

/* Who is idle for ten seconds is hung up, and on a slow machine the next ones may take as long. */
static void ask_again(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		send(fds[i], request, sizeof(request) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* How many of N connections of UID are taken, and stay open in FDS. One that is not is hung up,
 * though it has said already what it wants. */
static size_t take(uid_t uid, size_t n, int *fds)
{
	size_t taken = 0;
	char answer[1024];

	for (size_t i = 0; i < n; i++) {
		int fd = connect_as(uid);

		assert_true(fd >= 0);
		send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
		if (recv(fd, answer, sizeof(answer), 0) > 0)
			fds[taken++] = fd;
		else
			close(fd);
	}
	return taken;
}

/* One user who holds all the connections there are for him locks himself out, several of them the
 * others, and none of them root. */
static void nobody_locks_root_out(void **state)
{
	int fds[CONNECTIONS_OTHERS_MAX];
	size_t n = take(OUTSIDER, CONNECTIONS_USER_MAX + 8, fds);

	(void)state;
	assert_int_equal(n, CONNECTIONS_USER_MAX);
	assert_answers("/v1/host");
	for (uid_t uid = OUTSIDER - 1; n < CONNECTIONS_OTHERS_MAX; uid--) {
		ask_again(fds, n);
		n += take(uid, CONNECTIONS_USER_MAX, fds + n);
	}
	ask_again(fds, n);
	assert_int_equal(take(OUTSIDER - 100, 8, fds), 0);
	assert_answers("/v1/volumes");
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	for (int i = 0; !take(OUTSIDER, 1, fds); i++) {
		assert_true(i < 6000);
		poll(NULL, 0, 10);
	}
	close(*fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(many_and_bad),
		cmocka_unit_test(nothing_was_done_for_the_outsider),
		cmocka_unit_test(nobody_locks_root_out),
	};
	const char *text = getenv("SEED");

	if (geteuid()) {
		printf("1..0 # SKIP needs root, to be somebody else\n");
		return 0;
	}
	seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
	return cmocka_run_group_tests_name("http-input", tests, setup, teardown);
}
