# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What `cluster` and `guest` share: where a lab is, its processes, its lock.
#
# A lab is one directory ($RBDVOL_LAB) and one network namespace, whose name is made
# from the directory's, so labs in different directories do not meet. Every process of a
# lab lives in that namespace, and nothing else does: so the namespace, not a list
# of pids, says what is to be ended. A pid file only tells which process is which,
# and counts only while that process is in the namespace.

# `guest run` is called thousands of times in a check: what it does by itself, it does without starting
# programs.
lab=${RBDVOL_LAB:-${TMPDIR:-/tmp}/rbdvol-lab}
lab=$({ cd -P -- "$lab" && pwd; } 2>/dev/null || realpath -m -- "$lab")
# shellcheck disable=SC2034  # for those that source this
lab_tools=$(cd -P -- "${BASH_SOURCE[0]%/*}" && pwd)
lab_netns=rbdvol${lab//\//:}
# shellcheck disable=SC2034  # for those that source this
host_address=10.99.0.1          # the bridge: monitor, manager, OSDs
# shellcheck disable=SC2034
outside_port=79                 # commands of guests, see outside

me=${0##*/}

say() {
	echo "$me: $*" >&2
}

die() {
	say "$@"
	exit 1
}

bad_usage() {
	say "$*; see $me --help"
	exit 2
}

# --help prints the comment at the head of the script, as the program's own manual.
print_help() {
	sed -n '3,/^$/ { s/^# \{0,1\}//; p }' "$0"
}

# A lab's path is passed to programs that split words and that hold socket names
# in 108 bytes.
check_lab_path() {
	[[ $lab != *[[:space:],:]* ]] || die "the lab's directory cannot have blanks, commas or colons in its name: $lab"
	[[ ${#lab} -le 70 ]] || die "the lab's directory must have a name of at most 70 bytes: $lab"
}

need_root() {
	[[ $EUID == 0 ]] || die "must be root: a lab is a network namespace with taps"
}

# The lab is this script's alone until it ends. The directory itself is the lock, so
# nothing is left of it; a directory removed while we waited is made again.
lock_lab() {
	check_lab_path
	need_root
	while true; do
		mkdir -p -- "$lab"
		exec {lab_lock}<"$lab"
		flock --timeout 600 "$lab_lock" || die "$lab is locked by another command since ten minutes"
		[[ ! /proc/self/fd/$lab_lock -ef $lab ]] || break
		exec {lab_lock}<&-
	done
	claim_lab
}

unlock_lab() {
	exec {lab_lock}<&-
}

# `stop` removes the directory with all that is in it: so only one that was empty, or
# is a lab already, may become a lab.
claim_lab() {
	[[ -e $lab/.rbdvol-lab ]] && return
	[[ -z $(ls -A -- "$lab") ]] || die "$lab has files, but is not a lab: not touching it"
	: >"$lab/.rbdvol-lab"
}

netns_exists() {
	[[ -e /run/netns/$lab_netns ]]
}

in_netns() {
	nsenter --net="/run/netns/$lab_netns" -- "$@"
}

# launch NAME LOG COMMAND…: a process of the lab, in a session of its own, which
# holds none of the caller's descriptors. It is in the namespace when this returns.
launch() {
	local name=$1 log=$2
	shift 2
	(
		exec </dev/null >>"$log" 2>&1
		for fd in "/proc/$BASHPID/fd"/*; do
			fd=${fd##*/}
			[[ $fd -le 2 ]] || eval "exec $fd>&-"
		done
		cd /
		exec setsid nsenter --net="/run/netns/$lab_netns" -- "$@"
	) &
	echo $! >"$lab/run/$name.pid"
	disown $!
	wait_until 60 is_launched $!
}

is_launched() {
	[[ "/proc/$1/ns/net" -ef "/run/netns/$lab_netns" ]] || ! kill -0 "$1" 2>/dev/null
}

# The pid of a lab's process, if it runs.
pid_of() {
	local pid
	{ read -r pid <"$lab/run/$1.pid"; } 2>/dev/null || return 1
	[[ "/proc/$pid/ns/net" -ef "/run/netns/$lab_netns" ]] || return 1
	echo "$pid"
}

# wait_until SECONDS COMMAND…: true as soon as the command is.
wait_until() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	shift
	until "$@"; do
		[[ ${EPOCHREALTIME/[.,]/} -lt $end ]] || return 1
		sleep 0.05
	done
}

# wait_for_line SECONDS NAME FILE REGEX: until that process of the lab has written such a line.
wait_for_line() {
	local pid
	pid=$(pid_of "$2") || return 1
	grep -q -e "$4" < <(timeout "$1" tail -n +1 -f --pid="$pid" "$3" 2>/dev/null)
}

# SIGKILL for the lab's processes, or only those of these sessions, until none is left.
kill_and_wait() { # SESSION...
	"$lab_tools/kill-exactly" "/run/netns/$lab_netns" "$@" || die "not all processes end"
}

# One process of it is enough: its daemons may be dead for a test's sake.
cluster_is_up() {
	local file
	[[ -e $lab/up ]] && netns_exists || return 1
	for file in "$lab"/run/*.pid; do
		file=${file##*/}
		! pid_of "${file%.pid}" >/dev/null || return 0
	done
	return 1
}

# The keys of `guest run`, and how ssh uses them: once for a lab.
make_keys() {
	[[ ! -e $lab/ssh/config ]] || return 0
	mkdir -p "$lab/ssh"
	dropbearkey -t ed25519 -f "$lab/ssh/host_key" >/dev/null 2>&1
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$lab/ssh/client_key"
	cat >"$lab/ssh/config" <<-END
		User root
		IdentityFile $lab/ssh/client_key
		IdentitiesOnly yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		LogLevel ERROR
		ConnectTimeout 60
		ControlPath $lab/ssh/%h
	END
}
