/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/loop.h"
#include "daemon/job-view.h"

#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "daemon/log.h"

#define TEND_EVERY_US (15 * USEC_PER_SEC)

struct loop {
	struct service *service;
	const char *config_file;
	bool must_exist;
	void (*tend)(struct service *s);
};

static void signals_of_ours(sigset_t *out)
{
	sigemptyset(out);
	sigaddset(out, SIGTERM);
	sigaddset(out, SIGINT);
	sigaddset(out, SIGHUP);
}

void loop_block_signals(void)
{
	sigset_t ours;

	signals_of_ours(&ours);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	(void)arg;
	log_info("stopping (signal %u)", info->ssi_signo);
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	_cleanup_config_ struct config config = {0};
	_cleanup_err_ struct err *e = NULL;
	struct loop *l = arg;
	int r;

	(void)source;
	(void)info;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_now_us());
	r = config_load(l->config_file, l->must_exist, &config, &e);
	if (!r)
		r = service_reload(l->service, &config, &e);
	if (r < 0)
		log_error("the configuration stays as it was: %s", e->message);
	else
		log_info("the configuration was read anew");
	sd_notify(0, "READY=1");
	return 0;
}

static void tell_stuck(const struct job_view *v)
{
	struct log_fields fields = {
		.volume = *v->volume ? v->volume : NULL,
		.operation = verb_name(v->verb),
		.job = v->id,
		.duration_us = v->step_age_us,
	};

	log_event(LOG_WARNING, &fields, "%s %s: job %" PRIu64 " is in %s for %" PRIu64 " s",
		  fields.operation, v->volume, v->id, v->step ? v->step : fields.operation,
		  v->step_age_us / USEC_PER_SEC);
}

/* It takes the queue's lock: should that ever be stuck, so is this loop, and the watchdog sees it.
 */
static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct loop *l = arg;

	(void)usec;
	job_queue_tend(service_jobs(l->service), tell_stuck);
	l->tend(l->service);
	return sd_event_source_set_time(source, clock_now_us() + TEND_EVERY_US);
}

static int add_sources(sd_event *event, struct loop *l)
{
	sd_event_source *timer = NULL;
	int r = sd_event_add_signal(event, NULL, SIGTERM, on_stop, l);

	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, on_stop, l);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, l);
	if (r >= 0)
		r = sd_event_add_time(event, &timer, CLOCK_MONOTONIC,
				      clock_now_us() + TEND_EVERY_US, USEC_PER_SEC, on_timer, l);
	if (r >= 0)
		r = sd_event_source_set_enabled(timer, SD_EVENT_ON);
	if (r >= 0)
		r = sd_event_source_set_floating(timer, 1);
	sd_event_source_unref(timer);
	if (r >= 0)
		r = sd_event_set_watchdog(event, 1); /* only where the unit asks for it */
	return r;
}

int loop_run(struct service *s, const char *config_file, bool must_exist,
	     void (*tend)(struct service *s), struct err **e)
{
	struct loop l = {s, config_file, must_exist, tend};
	cleanup(sd_event_unrefp) sd_event *event = NULL;
	int r = sd_event_new(&event);

	if (r >= 0)
		r = add_sources(event, &l);
	if (r < 0)
		return err_errno(e, r, "cannot set up the event loop");
	sd_notify(0, "READY=1");
	r = sd_event_loop(event);
	return r < 0 ? err_errno(e, r, "the event loop") : 0;
}
