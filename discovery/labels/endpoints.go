package labels

import (
	"net/netip"
	"strconv"

	"github.com/appia-edge/appia/discovery/snapshot"
	"github.com/appia-edge/appia/rules"
)

// endpoints are the places that answer for a segment: one per running task, or the virtual address.
func (r *reading) endpoints(d *draft) []rules.Endpoint {
	if d.vip {
		return r.virtual(d)
	}
	c := r.chooser(d, "the task")
	var list []rules.Endpoint
	for i := range r.service.Tasks {
		task := &r.service.Tasks[i]
		if ip, ok := c.choose(task.Addresses); ok {
			list = append(list, endpoint(d, task.ID, r.taskName(task), ip))
		}
	}
	c.report(d, len(list) > 0)
	return list
}

// virtual leaves the choice of a task to the swarm. Without a task nobody answers at the address.
func (r *reading) virtual(d *draft) []rules.Endpoint {
	if r.service.DNSRR {
		d.tell(about(r.label("traefik.backend.loadbalancer.swarm"), rules.Error, NoVirtualAddress,
			"the service's endpoint mode is dnsrr, which has no virtual address, so it has no endpoints"))
		return nil
	}
	if len(r.service.Tasks) == 0 {
		return nil
	}
	c := r.chooser(d, "the service")
	ip, ok := c.choose(r.service.VIPs)
	c.report(d, ok)
	if !ok {
		return nil
	}
	return []rules.Endpoint{endpoint(d, r.service.ID, r.service.Name, ip)}
}

// label is one of the service's labels as it was written.
func (r *reading) label(name string) entry {
	return entry{name: name, written: r.service.Labels[name]}
}

func endpoint(d *draft, task, name string, ip netip.Addr) rules.Endpoint {
	e := rules.Endpoint{Task: task, Scheme: d.scheme, Addr: netip.AddrPortFrom(ip, uint16(d.port)).String()}
	e.Name = serverName(name, e.URL())
	return e
}

// taskName is how docker shows a task: by its slot, or by its id where a service has one on every node.
func (r *reading) taskName(t *snapshot.Task) string {
	if r.service.Global || t.Slot == 0 {
		return r.service.Name + "." + t.ID
	}
	return r.service.Name + "." + strconv.Itoa(t.Slot)
}
