/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rbdvold: options, the fronts that it serves, and the order in which things come up and go down.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/socket-path.h"
#include "daemon/host-mounts.h"
#include "daemon/http.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/socket.h"
#include "docker/docker.h"

#define STOP_GRACE_US (5 * USEC_PER_SEC)
#define STOP_ALARM_S  3 /* for what comes after the grace */

struct options {
	const char *config;
	bool config_given;
	const char *socket;
	const char *plugin_socket;
	bool foreground;
	bool host_mounts;
	bool files;
};

static void print_help(void)
{
	printf("Usage: rbdvold [OPTION]...\n"
	       "Attach Ceph RBD images as block devices, on request.\n\n"
	       "  --config FILE   configuration (default " CONFIG_FILE ")\n"
	       "  --socket PATH   listen on PATH (default $RBDVOL_SOCKET, or " SOCKET_PATH ")\n"
	       "  --plugin-socket PATH\n"
	       "                  serve container runtimes on PATH (default: none but systemd's)\n"
	       "  --host-mounts   work on the mounts of PID 1 (for rbdvold.service)\n"
	       "  --files         print which files of the cluster it reads, and end\n"
	       "  --foreground    log to standard error, even where the journal listens\n"
	       "  --help          show this help\n"
	       "  --version       show the version\n\n"
	       "rbdvold does not go into the background. RBDVOL_LOG=debug|info|warning sets how\n"
	       "much it logs. See rbdvold(8), rbdvol.conf(5).\n");
}

/* 1: go on; else the exit status, negated or 0. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'},
		{"socket", required_argument, NULL, 's'},
		{"plugin-socket", required_argument, NULL, 'p'},
		{"host-mounts", no_argument, NULL, 'm'},
		{"files", no_argument, NULL, 'l'},
		{"foreground", no_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h' || c == 'v') {
			if (c == 'h')
				print_help();
			else
				printf("rbdvold " PACKAGE_VERSION "\n");
			return 0;
		}
		if (c == 'c') {
			o->config = optarg;
			o->config_given = true;
		} else if (c == 's') {
			o->socket = optarg;
		} else if (c == 'p') {
			o->plugin_socket = optarg;
		} else if (c == 'm') {
			o->host_mounts = true;
		} else if (c == 'f') {
			o->foreground = true;
		} else if (c == 'l') {
			o->files = true;
		} else {
			return -err_exit_status(ERR_USAGE);
		}
	}
	if (optind == argc)
		return 1;
	fprintf(stderr, "rbdvold: unexpected argument '%s'\n", argv[optind]);
	return -err_exit_status(ERR_USAGE);
}

/* For who makes an initramfs. */
static int print_files(const struct options *o, struct err **e)
{
	_cleanup_config_ struct config config = {0};
	_cleanup_strlist_ struct strlist files = {0};
	int r = config_load(o->config, o->config_given, &config, e);

	if (!r)
		r = config_files(&config, &files, e);
	for (size_t i = 0; !r && i < files.n; i++)
		puts(files.items[i]);
	return r;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

/* A socket, and who serves it. */
struct front_door {
	const struct front *front;
	struct listener listener;
	struct http *http; /* NULL: not served */
};
enum { API, PLUGIN, DOORS };

static int door_open(struct front_door *d, struct service *s, struct err **e)
{
	return d->listener.fd < 0 ? 0 : http_start(s, d->front, d->listener.fd, &d->http, e);
}

static void doors_close(struct front_door *doors)
{
	for (int i = 0; i < DOORS; i++) {
		if (doors[i].http)
			http_quiesce(doors[i].http);
		listener_close(&doors[i].listener);
	}
}

/* Let running jobs end, answer who waits, and go. A job that hangs does not hold us up: whatever it
 * was at, the cluster and the kernel know, and the next attempt looks there. */
static void stop(struct service *s, struct front_door *doors)
{
	unsigned left;

	sd_notify(0, "STOPPING=1");
	doors_close(doors);
	left = job_queue_stop(service_jobs(s), deadline_in(STOP_GRACE_US));
	signal(SIGALRM, on_alarm);
	alarm(STOP_ALARM_S);
	for (int i = 0; i < DOORS; i++)
		if (doors[i].http)
			http_stop(doors[i].http);
	if (left) {
		log_warning("%u jobs are left unfinished", left);
		_exit(0);
	}
	service_free(s);
	log_info("stopped");
}

static int serve(const struct options *o, struct front_door *doors, struct err **e)
{
	_cleanup_config_ struct config config = {0};
	struct service *s = NULL;
	const char *path;
	int r = config_load(o->config, o->config_given, &config, e);

	if (!r)
		r = listener_open(o->socket, &doors[API].listener, e);
	if (!r)
		r = listener_open_plugin(o->plugin_socket, &doors[PLUGIN].listener, e);
	if (!r)
		r = service_new(&config, &s, e);
	if (!r && o->host_mounts) {
		job_queue_set_prepare(service_jobs(s), host_mounts_enter);
		r = host_mounts_leave(e);
	}
	for (int i = 0; !r && i < DOORS; i++)
		r = door_open(&doors[i], s, e);
	if (r < 0)
		return r; /* and the process ends */
	path = doors[API].listener.path;
	log_info("ready%s%s", path ? " on " : "", path ? path : "");
	r = loop_run(s, o->config, o->config_given, docker_tend, e);
	stop(s, doors);
	return r;
}

int main(int argc, char **argv)
{
	struct options o = {.config = CONFIG_FILE, .socket = socket_path()};
	struct front_door doors[DOORS] = {
		[API] = {.front = &api_front, .listener = {.fd = -1}},
		[PLUGIN] = {.front = &docker_front, .listener = {.fd = -1}},
	};
	_cleanup_err_ struct err *e = NULL;
	int r = parse_options(argc, argv, &o);

	if (r <= 0)
		return -r;
	log_init(o.foreground || o.files);
	loop_block_signals();
	if ((o.files ? print_files(&o, &e) : serve(&o, doors, &e)) == 0)
		return 0;
	doors_close(doors);
	log_error("%s%s%s", e->message, e->hint ? "; " : "", e->hint ? e->hint : "");
	return err_exit_status(e->kind);
}
