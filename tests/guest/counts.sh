#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What each operation asks of others, which does not vary as times do: messages to the cluster, as
# librados counts them itself, files opened and programs started, as rbdvold counts them. Who makes an
# operation dearer than the bounds here has a reason, and changes the bound.
# shellcheck source=../lab/tap.sh
. "$(dirname -- "$(readlink -f -- "$0")")/../lab/tap.sh"
in_guest "$@"

pool=counts
log=/var/log/rbdvold.log
socket=/run/counts.asok

cleanup() {
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r rbdvol detach >&2
	daemon_stop
	pool_over "$pool"
}
trap cleanup EXIT

# Messages that rbdvold's librados has sent since it was started.
sent() {
	perl -MIO::Socket::UNIX -e '
		my $s = IO::Socket::UNIX->new(Peer => "'$socket'") or die "no admin socket";
		print $s "{\"prefix\": \"perf dump\"}\0";
		local $/; my $text = <$s>; my $n = 0;
		$n += $1 while $text =~ /"msgr_send_messages": (\d+)/g;
		print "$n\n";'
}

# costs NAME MESSAGES FILES PROGRAMS COMMAND...: at most these.
costs() {
	local name=$1 messages=$2 files=$3 programs=$4 start=$SECONDS said got now n trace opened started
	shift 4
	: >"$log"
	said=$("$@" 2>&1) || { tap_result 1 "$name" "'$*' failed: $said"; return; }
	now=$(sent)
	messages=$((messages + SECONDS - start)) # librados has something to say each few seconds, too
	n=$((now - before)) before=$now
	trace=$(grep -E '^rbdvold: job [0-9]+, [a-z]+: ' "$log")
	got=$(grep -oE '[0-9]+ (monitors|osds|images|files|programs)' <<<"$trace" |
		awk '{ n[$2] += $1 } END { print n["files"] + 0, n["programs"] + 0, n["monitors"] + 0, n["osds"] + 0, n["images"] + 0 }')
	read -r opened started _ <<<"$got"
	[[ -n $trace && $n -le $messages && $opened -le $files && $started -le $programs ]]
	tap_result $? "$name: at most $messages messages, $files files, $programs programs" \
		"$n messages; files, programs, monitors, OSDs, images: $got"$'\n'"$trace"
	echo "# $name: $n messages; files, programs, monitors, OSDs, images: $got"
}

pool_create $pool
rbd create $pool/golden --size 1G
RBDVOL_LOG=debug CEPH_ARGS="--admin-socket $socket" daemon_start
rbdvol create $pool/first --from $pool/golden 2>/dev/null
before=$(sent)

costs "create, as before" 140 9 0 rbdvol create $pool/second --from $pool/golden
costs "create, repeated" 45 9 0 rbdvol create $pool/second --from $pool/golden
costs "attach" 140 90 0 rbdvol attach $pool/second
costs "attach, repeated" 45 140 0 rbdvol attach $pool/second
costs "attach, repeated with its parent" 45 140 0 rbdvol attach $pool/second --from $pool/golden
costs "show" 90 300 0 rbdvol show $pool/second
costs "list, one attached" 9 40 0 rbdvol list
costs "list --all" 110 40 0 rbdvol list --all
costs "list --usage" 220 300 0 rbdvol list --all --usage
costs "detach" 9 130 0 rbdvol detach $pool/second
costs "attach, clone" 220 100 0 rbdvol attach $pool/third --from $pool/golden
for i in {1..9}; do rbdvol attach "$pool/more$i" --from $pool/golden >/dev/null 2>&1; done
before=$(sent)
costs "attach beside 10" 140 1900 0 rbdvol attach $pool/second
costs "attach, repeated beside 10" 45 1000 0 rbdvol attach $pool/second
costs "list, 11 attached" 9 340 0 rbdvol list
costs "detach beside 10" 9 1200 0 rbdvol detach $pool/second
done_testing
