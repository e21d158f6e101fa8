# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For tests written in shell: TAP on stdout, and the way into a guest.
#
# A test that says `in_guest "$@"` first runs itself again inside guest a of the lab, with the
# product of $top_builddir/stage installed there; cluster and guest are started where they are not
# up, and stay up for the next test (`cluster stop` ends both, and `own` after each test). A test that says `in_cluster "$@"`
# runs itself in the cluster's network namespace.

set -u
tap_count=0
tap_failures=0
tap_tools=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
top_srcdir=${top_srcdir:-$(readlink -f -- "$tap_tools/../..")}
top_builddir=${top_builddir:-$top_srcdir/build}

bail_out() {
	tap_failures=$((tap_failures + 1)) # who cleans up tells more then
	echo "Bail out! $*"
	exit 1
}

in_guest() {
	[[ -z ${RBDVOL_IN_GUEST-} ]] || return 0
	[[ -x $top_builddir/stage/usr/bin/rbdvol ]] || bail_out "no $top_builddir/stage: make stage"
	"$tap_tools/cluster" start >&2 || bail_out "the cluster did not start"
	"$tap_tools/guest" start --stage "$top_builddir/stage" >&2 || bail_out "the guest did not start"
	exec "$tap_tools/guest" run env RBDVOL_IN_GUEST=1 RBDVOL_LAB_ENDS="${RBDVOL_LAB_ENDS-}" EVERY_POINT="${EVERY_POINT-}" SEED="${SEED-}" top_srcdir="$top_srcdir" \
		top_builddir="$top_builddir" bash "$(readlink -f -- "$0")" "$@" </dev/null
}

in_cluster() {
	[[ -z ${RBDVOL_IN_CLUSTER-} ]] || return 0
	"$tap_tools/cluster" start >&2 || bail_out "the cluster did not start"
	exec "$tap_tools/cluster" exec env RBDVOL_IN_CLUSTER=1 "$(readlink -f -- "$0")" "$@" </dev/null
}

# A test of several hosts says `in_lab a b`: it goes on outside, beside guests a and b, with the
# product in each; `on a COMMAND…` runs a command there. Its rbd and ceph are the cluster's, which
# has as many OSDs as it says before: `in_lab --osds 3 a b` (where it is not up already).
in_lab() {
	local guest starting=() options=()
	if [[ $1 == --osds ]]; then
		options=("$1" "$2")
		shift 2
	fi
	[[ -x $top_builddir/stage/usr/bin/rbdvol ]] || bail_out "no $top_builddir/stage: make stage"
	"$tap_tools/cluster" start "${options[@]}" >&2 || bail_out "the cluster did not start"
	for guest; do
		"$tap_tools/guest" --name "$guest" start --stage "$top_builddir/stage" >&2 &
		starting+=($!)
	done
	for guest in "${starting[@]}"; do # several at once would give the last one's status alone
		wait "$guest" || bail_out "the guests did not start"
	done
	rbd() { "$tap_tools/cluster" exec rbd "$@"; }
	ceph() { "$tap_tools/cluster" exec ceph "$@"; }
}

on() { # GUEST COMMAND...
	"$tap_tools/guest" --name "$1" run "${@:2}" </dev/null
}

# Start rbdvold in a guest, in a session of its own as any daemon, and wait until it serves; end it.
# The log tells how it ended; where it crashed, where_it_crashed tells. $daemon_command: another than the
# staged one.
serve() { # GUEST OPTION...
	on "$1" --sh "(ulimit -c unlimited; setsid sh -c 'echo \$\$ >/run/rbdvold.pid; exec ${daemon_command:-rbdvold} --foreground ${*:2}'
		echo \"rbdvold ended with \$?\") >>/var/log/rbdvold.log 2>&1 &
		timeout 180 sh -c 'until rbdvol list >/dev/null 2>&1; do sleep 0.1; done'" || {
		on "$1" cat /var/log/rbdvold.log >&2
		bail_out "rbdvold does not serve in guest $1"
	}
}

# The end of a test in a guest: nothing stays attached, and rbdvold ends.
leave() { # GUEST
	on "$1" --sh 'rbdvol list --json | jq -r ".volumes[].device" | xargs -r rbdvol detach' >&2
	serve_no_more "$1"
}

serve_no_more() { # GUEST
	on "$1" --sh 'kill $(cat /run/rbdvold.pid) && timeout 120 sh -c "while kill -0 $(cat /run/rbdvold.pid); do sleep 0.1; done"' 2>/dev/null
}

tap_result() { # STATUS DESCRIPTION DETAILS
	tap_count=$((tap_count + 1))
	if [[ $1 == 0 ]]; then
		echo "ok $tap_count - $2"
		return 0
	fi
	tap_failures=$((tap_failures + 1))
	echo "not ok $tap_count - $2"
	# shellcheck disable=SC2001
	[[ -z $3 ]] || sed 's/^/# /' <<<"$3"
	return 1
}

# A guest takes a quarter of a second to make a copy of bash: so these make none where the command is a
# program, and start no program of their own.
# A file without a name for each of the two streams of a command, which nobody has to remove.
tap_files=$(mktemp -d)
exec {tap_out}>"$tap_files/out" {tap_errors}>"$tap_files/errors"
rm -r "$tap_files"
tap_out=/proc/$$/fd/$tap_out tap_errors=/proc/$$/fd/$tap_errors

# slurp VARIABLE FILE: the text of a file, without the newlines at its end.
slurp() {
	local text
	IFS= read -r -d '' text <"$2" || : # it says 1 at the end of the file
	while [[ $text == *$'\n' ]]; do text=${text%$'\n'}; done
	printf -v "$1" %s "$text"
}

# captured COMMAND...: its output is $out, its errors are $errors; with its status. A function runs in a
# subshell: what it does to the shell is undone.
captured() {
	local status=0
	if declare -F "$1" >/dev/null; then
		("$@") >"$tap_out" 2>"$tap_errors" || status=$?
	else
		"$@" >"$tap_out" 2>"$tap_errors" || status=$?
	fi
	slurp out "$tap_out"
	slurp errors "$tap_errors"
	return $status
}

exec {tap_never}<> <(:)

# A pause in microseconds, without a program.
pause() {
	local tap_seconds
	printf -v tap_seconds %d.%06d $(($1 / 1000000)) $(($1 % 1000000))
	read -rt "$tap_seconds" -u "$tap_never"
}

# wait_for SECONDS COMMAND...: until the command succeeds; on a slow machine it has three times as long. What
# is waited for gets the processor for most of the time: the command is tried for a fifth of it.
wait_for() {
	local end=$((SECONDS + 3 * $1)) out errors begin took
	shift
	while true; do
		begin=${EPOCHREALTIME/[.,]/}
		captured "$@" && return
		took=$((${EPOCHREALTIME/[.,]/} - begin))
		[[ $SECONDS -lt $end ]] || { "$@"; return; }
		pause $((4 * took < 100000 ? 100000 : 4 * took > 3000000 ? 3000000 : 4 * took))
	done
}

# serving PID COMMAND...: until that daemon answers the command; not if it ends.
serving() {
	wait_for 60 answers_or_ended "$@" && kill -0 "$1" 2>/dev/null
}

answers_or_ended() { # PID COMMAND...
	! kill -0 "$1" 2>/dev/null || "${@:2}"
}

# ok DESCRIPTION COMMAND...: the command succeeds.
ok() {
	local description=$1 out errors status=0
	shift
	captured "$@" || status=$?
	tap_result "$status" "$description" "'$*' ended with $status: $out$errors"
}

# is DESCRIPTION GOT WANTED: two texts are equal.
is() {
	[[ $2 == "$3" ]]
	tap_result $? "$1" "got    '$2'"$'\n'"wanted '$3'"
}

# like DESCRIPTION GOT REGEX
like() {
	[[ $2 =~ $3 ]]
	tap_result $? "$1" "got '$2'"$'\n'"wanted a match of $3"
}

# refuses DESCRIPTION STATUS REGEX COMMAND...: it ends with this exit status, prints nothing on
# stdout and one line on stderr, which matches.
refuses() {
	local description=$1 wanted=$2 regex=$3 out errors status=0 details
	shift 3
	captured "$@" </dev/null || status=$?
	details="'$*' ended with $status (wanted $wanted), stdout '$out', stderr '$errors', wanted $regex"
	# shellcheck disable=SC2053 # a status may be a pattern
	[[ $status == $wanted && -z $out && $errors && $errors != *$'\n'* && $errors =~ $regex ]]
	tap_result $? "$description" "$details"
}

done_testing() {
	echo "1..$tap_count"
	[[ $tap_failures == 0 ]]
	exit
}

# In a guest, rbd and ceph are run by the machine itself, but for what belongs to the guest: its
# mappings, watches and locks, its files, its keys. (In the background it takes 'exec rbd ... &', for
# $! to be rbd's own.)
if [[ -n ${RBDVOL_IN_GUEST-} ]]; then
	outside() { # COMMAND...
		local connection status answer text
		exec {connection}<>/dev/tcp/10.99.0.1/79 || return
		printf '%s\0' $# "$@" >&"$connection"
		read -r status answer <&"$connection"
		exec {connection}>&-
		IFS= read -r -d '' text <"/mnt/share/$answer/err" || : # it says 1 at the end of the file
		printf %s "$text" >&2
		IFS= read -r -d '' text <"/mnt/share/$answer/out" || :
		printf %s "$text"
		return "$status"
	}
	at_home() { # WORD...: whether one of them is of the guest's own
		local words=' (device|map|unmap|showmapped|watch|lock|import|export|bench|--id|--keyring|-i|-o|-n|-c) '
		[[ " $* " =~ $words ]]
	}
	rbd() { if at_home "$@"; then command rbd "$@"; else outside rbd "$@"; fi; }
	ceph() { if at_home "$@"; then command ceph "$@"; else outside ceph "$@"; fi; }
fi

# A pool of a test's own, and its end.
pool_create() {
	ceph osd pool create "$1" 8 >&2 || bail_out "no pool $1"
	rbd pool init "$1" || bail_out "pool $1 cannot be used"
}

pool_delete() {
	ceph osd pool rm "$1" "$1" --yes-i-really-really-mean-it >&2
}

# At the end of a test: a lab that ends with the test takes its pools with it.
pool_over() {
	[[ -n ${RBDVOL_LAB_ENDS-} ]] || pool_delete "$1"
}

# Start rbdvold in the background of a guest and wait until it serves.
daemon_start() {
	(ulimit -c unlimited && exec rbdvold --foreground "$@" >>/var/log/rbdvold.log 2>&1) &
	daemon_pid=$!
	serving "$daemon_pid" rbdvol list || {
		cat /var/log/rbdvold.log >&2
		bail_out "rbdvold does not serve"
	}
}

daemon_stop() {
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid"
	where_it_crashed | sed 's/^/# /'
}

# In a guest: where rbdvold crashed, if it did, and what it said last. (Who serves `guest run` allows
# itself no core, hence the limits above.)
where_it_crashed() {
	[[ -e /var/log/core ]] || return 0
	tail -n 60 /var/log/rbdvold.log
	gdb -batch -ex 'thread apply all bt' "$(command -v rbdvold)" /var/log/core 2>&1
}

# For tests that boot and shut down a guest with systemd: they stay outside. `systemd_guest NAME POOL`
# comes first; $pool is theirs from then on, until they end. Who has more to clean up sets a trap of
# its own, which calls systemd_guest_over.
systemd_guest() {
	guest_name=$1 pool=$2
	[[ -x $top_builddir/stage/usr/bin/rbdvol ]] || bail_out "no $top_builddir/stage: make stage"
	"$tap_tools/cluster" start >&2 || bail_out "the cluster did not start"
	rbd() { cluster rbd "$@"; }
	ceph() { cluster ceph "$@"; }
	trap systemd_guest_over EXIT
	pool_create "$pool"
}

# Of a test that failed: what the guest knows of it, which ends with the guest.
systemd_guest_tells() {
	timeout 120 "$tap_tools/guest" --name "$guest_name" run --sh 'rbdvol list; rbdvol jobs
		systemctl list-units --all --plain --no-legend "rbdvol*" "srv-*"; systemctl list-jobs --no-legend
		journalctl -b --no-pager -o short-monotonic -u "rbdvol*" -u "srv-*" | tail -n 120' </dev/null 2>&1 |
		sed 's/^/# /'
}

systemd_guest_over() {
	[[ $tap_failures == 0 ]] || systemd_guest_tells
	systemd_guest_end
	pool_over "$pool"
}

cluster() {
	"$tap_tools/cluster" exec "$@" </dev/null
}

# boot fresh|again
boot() {
	local options=(--again)
	systemd_guest_end
	[[ $1 == again ]] || options=(--init systemd --stage "$top_builddir/stage")
	"$tap_tools/guest" --name "$guest_name" start "${options[@]}" >&2 || bail_out "the guest did not start"
}

# guest COMMAND ARG... or guest --sh TEXT
guest() {
	"$tap_tools/guest" --name "$guest_name" run "$@" </dev/null
}

guest_stop() {
	"$tap_tools/guest" --name "$guest_name" stop
}

systemd_guest_end() {
	"$tap_tools/guest" --name "$guest_name" kill >/dev/null 2>&1
}

# The guest's console of its last boot.
console() {
	"$tap_tools/guest" --name "$guest_name" log
}

# before FIRST THEN TEXT: a line with FIRST comes before one with THEN.
before() {
	local first second
	first=$(grep -n -m1 -F -e "$1" <<<"$3" | cut -d: -f1)
	second=$(grep -n -m1 -F -e "$2" <<<"$3" | cut -d: -f1)
	[[ -n $first && -n $second && $first -lt $second ]] || {
		echo "'$1' in line ${first:-none}, '$2' in line ${second:-none}"
		return 1
	}
}
