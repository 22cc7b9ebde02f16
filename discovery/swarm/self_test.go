package swarm

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/swarm"
)

func TestAContainerKnowsItsID(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for _, c := range []struct {
		name, hostname, mounts, groups string
		want                           []string
	}{
		{name: "by its hostname", hostname: id[:12], want: []string{id[:12]}},
		{name: "by its mounts where the hostname was set", hostname: "edge-1", want: []string{id},
			mounts: "642 628 254:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n"},
		{name: "by its cgroup", hostname: "edge-1", groups: "4:memory:/docker/" + id + "\n", want: []string{id}},
		{name: "by systemd's cgroup", hostname: "edge-1", groups: "1:name=systemd:/system.slice/docker-" + id + ".scope\n", want: []string{id}},
		{name: "not from another's mount that it sees from outside", hostname: "server",
			mounts: "70 29 0:55 / /var/lib/docker/containers/" + id + "/mounts/shm rw - tmpfs shm rw\n"},
		{name: "not from a name that is hexadecimal by chance", hostname: "cafe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := containerIDs(c.hostname, c.mounts, c.groups); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestOwnNetworksAreKnownBeforeWeAreHealthy(t *testing.T) {
	task := swarm.Task{NetworksAttachments: []swarm.NetworkAttachment{{Network: swarm.Network{ID: "public"}}}}
	task.Status.State, task.Status.ContainerStatus = swarm.TaskStateStarting, &swarm.ContainerStatus{ContainerID: "0123456789abcdef"}
	if got := ofTask([]swarm.Task{{}, task}, []string{"0123456789ab"}); !slices.Equal(got, []string{"public"}) {
		t.Errorf("got %v", got)
	}
}
