/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/failpoint.h"

#ifdef RBDVOL_FAILPOINTS
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

static void failpoint_append(int dir, const char *line)
{
	_cleanup_close_ int fd =
		openat(dir, "seen", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, line, strlen(line)) < 0)
		return; /* the test will miss it */
}

/* Whether FILE says what LINE does; it is removed then. */
static bool takes(int dir, const char *file, const char *line)
{
	_cleanup_free_ char *said = NULL;

	return file_read_line(dir, file, &said) >= 0 && strlen(said) + 1 == strlen(line) &&
	       !strncmp(said, line, strlen(said)) && !unlinkat(dir, file, 0);
}

void failpoint_pass(const char *name, const char *when)
{
	const char *directory = secure_getenv("RBDVOL_FAILPOINTS");
	_cleanup_close_ int dir =
		directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	_cleanup_free_ char *line = NULL;

	if (dir < 0 || str_printf(&line, "%s%s%s\n", name, when ? "." : "", when ? when : "") < 0)
		return;
	failpoint_append(dir, line);
	if (takes(dir, "armed", line))
		kill(getpid(), SIGKILL);
	if (takes(dir, "paused", line))
		kill(getpid(), SIGSTOP);
}
#endif
