# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For a report that is played in a plain guest: $pool, and rbdvold. Sourced first.
# shellcheck source-path=SCRIPTDIR/../lab
. "$(dirname -- "${BASH_SOURCE[0]}")/../lab/tap.sh"
in_guest "$@"
pool=$(basename -- "$0" .sh)
other_pools=()
at_exit=()

# Have COMMAND done at the end, the last one first.
on_exit() { # COMMAND
	at_exit=("$1" "${at_exit[@]}")
}

another_pool() { # NAME: gone at the end
	pool_create "$1"
	other_pools+=("$1")
}

# One daemon serves all reports of a guest; a report that ended it gets a new one.
serving() {
	rbdvol jobs >/dev/null 2>&1 || {
		(ulimit -c unlimited && exec setsid rbdvold --foreground >>/var/log/rbdvold.log 2>&1 </dev/null) &
		# shellcheck disable=SC2016
		timeout 180 bash -c 'until rbdvol jobs >/dev/null 2>&1; do sleep 0.1; done' || {
			cat /var/log/rbdvold.log >&2
			bail_out "rbdvold does not serve"
		}
	}
}

report_over() {
	local command name
	set +eu
	for command in "${at_exit[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
	serving
	rbdvol list --json | jq -r '.volumes[].device' | xargs -r -n1 timeout 60 rbdvol detach >&2
	for name in "$pool" "${other_pools[@]}"; do
		pool_delete "$name" 2>/dev/null
	done
}
trap report_over EXIT

# Serve containers: a daemon of its own with the plugin, whose default pool is $pool; call METHOD JSON asks it.
plugin_start() { # LINE-OF-CONFIGURATION...
	local dir=/run/$pool
	mkdir -p "$dir" /run/docker/plugins
	printf '%s\n' '[rbdvol]' "pool = $pool" 'plugin-timeout = 100' "$@" >"$dir/conf"
	(exec setsid rbdvold --foreground --config "$dir/conf" --socket "$dir/api.sock" \
		--plugin-socket "$dir/plugin.sock" >>"$dir/log" 2>&1 </dev/null) &
	plugin_pid=$!
	on_exit "kill $plugin_pid; wait $plugin_pid"
	on_exit 'umount -R /run/rbdvol/mounts/*'
	export RBDVOL_SOCKET=$dir/api.sock
	timeout 180 bash -c "until [[ -S $dir/plugin.sock ]] && rbdvol jobs >/dev/null 2>&1; do sleep 0.1; done" || {
		cat "$dir/log" >&2
		bail_out "no plugin"
	}
}

call() { # METHOD JSON
	curl -s -m 150 --unix-socket "/run/$pool/plugin.sock" -d "$2" "http://d/VolumeDriver.$1"
}

pool_create "$pool"
serving
