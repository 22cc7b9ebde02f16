#!/bin/bash
# keep.sh FOLDER [DOCKERD FLAG...]: one dockerd in namespaces of its own, until standard input ends.
#
# Standard input is a pipe from the test process that nobody ever writes to: it ends when the lab is closed, and also when the tests
# crash, run into their time limit or are killed. So there is one way of cleaning up, and it is always taken.
#
# Everything that the daemon starts is in its namespaces. Killing process 1 of the process namespace kills all of it, and mounts
# and network interfaces go with the last process. What is left is the folder and the cgroups.
set -u
folder=$1 name=$(basename "$1")
shift

inside() {
	ip link set lo up
	# The daemon's socket has its usual path in here, so that stack files mount it as they do in production, and the
	# machine's own /run is out of reach.
	mount --bind "$folder/run" /run
	[ -L /var/run ] || mount --bind "$folder/run" /var/run
	hostname "${HOST:-$name}"
	while run "$@"; do
		read -r <"$folder/boot" # whoever stopped or killed it writes a line when it shall come up again
		clear
	done
}

run() {
	# Not exec: process 1 must be one that reaps orphans, which bash does and dockerd does not.
	# cgroupfs: systemd, where there is one, cannot be reached from in here.
	dockerd --exec-opt native.cgroupdriver=cgroupfs --data-root "$folder/data" --cgroup-parent "/$name" "$@"
	echo "dockerd ended with $?"
}

# A machine that boots has no mounts of its last life, and with them no networks of containers, nor files in /run.
clear() {
	awk -v run="$folder/run/" -v data="$folder/data/" \
		'index($5, run) == 1 || index($5, data) == 1 || index($5, "/run/") == 1 {print $5}' /proc/self/mountinfo | sort -r |
		while read -r mount; do umount -l "$mount" 2>/dev/null; done
	rm -rf "$folder"/run/*
}

trap : INT TERM HUP # a Ctrl-C is for the tests; the pipe tells us
mkdir -p "$folder/run" "$folder/data"
mkfifo "$folder/boot"
export folder name
export -f inside run clear
# setpriv: should this script be killed after all, at least no process is left.
setpriv --pdeathsig KILL unshare --net --mount --uts --ipc --pid --fork --kill-child=KILL --mount-proc \
	bash -c 'inside "$@"' inside "$@" </dev/null >"$folder/dockerd.log" 2>&1 &
outer=$!
echo $outer >"$folder/pid.new" && mv "$folder/pid.new" "$folder/pid"

cat >/dev/null # until the tests are over

kill -KILL $outer
wait $outer 2>/dev/null
for _ in {1..50}; do # the kernel takes a moment to let go of the mounts and cgroups of the dead
	rm -rf "$folder" 2>/dev/null
	find /sys/fs/cgroup -depth -type d -path "*/$name*" -exec rmdir {} + 2>/dev/null
	[ -e "$folder" ] || [ -n "$(find /sys/fs/cgroup -type d -name "$name" -print -quit)" ] || break
	sleep 0.1
done
exit 0
