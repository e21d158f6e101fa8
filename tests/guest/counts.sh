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

# KIND of the trace TEXT: all its steps together.
counted() {
	grep -oE "[0-9]+ $1\b" <<<"$2" | awk '{n += $1} END {print n + 0}'
}

# costs NAME MESSAGES FILES PROGRAMS COMMAND...: at most these.
costs() {
	local name=$1 messages=$2 files=$3 programs=$4 before start after trace got
	shift 4
	before=$(sent) start=$SECONDS
	: >"$log"
	"$@" >/dev/null 2>&1 || { tap_result 1 "$name" "'$*' failed: $("$@" 2>&1)"; return; }
	after=$(sent)
	messages=$((messages + SECONDS - start)) # librados has something to say each few seconds, too
	trace=$(grep -E '^rbdvold: job [0-9]+, [a-z]+: ' "$log")
	got="$((after - before)) messages, $(counted monitors "$trace") of monitors, $(counted osds "$trace") of OSDs, $(counted images "$trace") images, $(counted files "$trace") files, $(counted programs "$trace") programs"
	[[ -n $trace && $((after - before)) -le $messages && $(counted files "$trace") -le $files && $(counted programs "$trace") -le $programs ]]
	tap_result $? "$name: at most $messages messages, $files files, $programs programs" "$got"$'\n'"$trace"
	echo "# $name: $got"
	tr ';' '\n' <<<"$trace" | sed 's/^/#   /'
}

pool_create $pool
rbd create $pool/golden --size 1G
RBDVOL_LOG=debug CEPH_ARGS="--admin-socket $socket" daemon_start
rbdvol create $pool/first --from $pool/golden 2>/dev/null

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
costs "attach beside 10" 140 1900 0 rbdvol attach $pool/second
costs "attach, repeated beside 10" 45 1000 0 rbdvol attach $pool/second
costs "list, 11 attached" 9 340 0 rbdvol list
costs "detach beside 10" 9 1200 0 rbdvol detach $pool/second
done_testing
