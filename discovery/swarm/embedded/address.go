package embedded

import (
	"net/netip"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
)

// A pool hands out the addresses of 10.0.0.0/8 in blocks of 256, one block a network and more where one runs full (a real network
// of that size would refuse its 253rd task; ours must carry 50,000).
type pool struct {
	block  int // the next one to hand out: 10.0.0.0/24, 10.0.1.0/24, …
	next   map[string]netip.Addr
	unused map[string][]netip.Addr // given back, by network
}

func (p *pool) subnet() netip.Prefix {
	addr := netip.AddrFrom4([4]byte{10, byte(p.block >> 8), byte(p.block), 0})
	p.block++
	return netip.PrefixFrom(addr, 24)
}

// open gives a network its first block. The first address of a block is its gateway's.
func (p *pool) open(network string, subnet netip.Prefix) {
	if p.next == nil {
		p.next, p.unused = map[string]netip.Addr{}, map[string][]netip.Addr{}
	}
	p.next[network] = subnet.Addr().Next().Next()
}

func (p *pool) take(network string, reuse bool) netip.Addr {
	if free := p.unused[network]; reuse && len(free) > 0 {
		p.unused[network] = free[:len(free)-1]
		return free[len(free)-1]
	}
	addr := p.next[network]
	if addr.As4()[3] == 255 {
		addr = p.subnet().Addr().Next().Next()
	}
	p.next[network] = addr.Next()
	return addr
}

func (p *pool) give(network string, addr netip.Addr) {
	p.unused[network] = append(p.unused[network], addr)
}

// addNetwork makes a network of the swarm. The caller holds mu.
func (e *Engine) addNetwork(o network.CreateOptions, name string) *net10 {
	subnet := e.pool.subnet()
	if o.IPAM != nil && len(o.IPAM.Config) > 0 {
		if own, err := netip.ParsePrefix(o.IPAM.Config[0].Subnet); err == nil && own.Addr().Is4() {
			subnet = own.Masked()
		}
	}
	n := &net10{Summary: network.Summary{
		ID: e.id(), Name: name, Created: e.options.Now().UTC(), Scope: "swarm", Driver: "overlay", EnableIPv4: true,
		IPAM: network.IPAM{Driver: "default", Config: []network.IPAMConfig{
			{Subnet: subnet.String(), Gateway: subnet.Addr().Next().String()},
		}},
		Internal: o.Internal, Attachable: o.Attachable, Ingress: o.Ingress, Labels: o.Labels,
	}}
	n.asTask = swarm.Network{
		ID: n.ID, Meta: e.newMeta(),
		Spec: swarm.NetworkSpec{
			Annotations:         swarm.Annotations{Name: name, Labels: o.Labels},
			DriverConfiguration: &swarm.Driver{Name: "overlay"},
			Attachable:          o.Attachable, Ingress: o.Ingress, Scope: "swarm",
		},
		DriverState: swarm.Driver{Name: "overlay"},
		IPAMOptions: &swarm.IPAMOptions{Configs: []swarm.IPAMConfig{{Subnet: subnet.String(), Gateway: subnet.Addr().Next().String()}}},
	}
	e.pool.open(n.ID, subnet)
	e.networks = append(e.networks, n)
	e.commit(storeCreate, storeNetwork, message{}.text(1, n.ID))
	e.emit(networkEvent(n, "create"))
	return n
}

// network finds one by name or id; nil if there is none.
func (e *Engine) network(nameOrID string) *net10 {
	for _, n := range e.networks {
		if n.Name == nameOrID || n.ID == nameOrID {
			return n
		}
	}
	return nil
}

// needNetwork finds a network, or makes it: a stack may call external what nobody has made here.
func (e *Engine) needNetwork(nameOrID string) *net10 {
	if n := e.network(nameOrID); n != nil {
		return n
	}
	return e.addNetwork(network.CreateOptions{Attachable: true}, nameOrID)
}

// networksOf are those a service's tasks are attached to; ingress is one of them if it publishes a port through the mesh.
func (e *Engine) networksOf(spec *swarm.ServiceSpec) (list []*net10) {
	if spec.EndpointSpec != nil {
		for _, port := range spec.EndpointSpec.Ports {
			if port.PublishMode != swarm.PortConfigPublishModeHost {
				list = append(list, e.networks[0])
				break
			}
		}
	}
	for _, attachment := range spec.TaskTemplate.Networks {
		if n := e.network(attachment.Target); n != nil {
			list = append(list, n)
		}
	}
	return list
}

// assignVIPs gives a service one virtual address for each of its networks, keeping those it has.
func (e *Engine) assignVIPs(s *service) {
	had := map[string]string{}
	for _, vip := range s.Endpoint.VirtualIPs {
		had[vip.NetworkID] = vip.Addr
	}
	s.Endpoint.VirtualIPs = nil
	if s.Spec.EndpointSpec != nil && s.Spec.EndpointSpec.Mode != swarm.ResolutionModeDNSRR {
		for _, n := range e.networksOf(&s.Spec) {
			addr := had[n.ID]
			if delete(had, n.ID); addr == "" {
				addr = withLength(e.pool.take(n.ID, e.options.ReuseAddresses))
			}
			e.vips[netip.MustParsePrefix(addr).Addr()] = s
			s.Endpoint.VirtualIPs = append(s.Endpoint.VirtualIPs, swarm.EndpointVirtualIP{NetworkID: n.ID, Addr: addr})
		}
	}
	e.releaseVIPs(had)
}

// releaseVIPs takes virtual addresses back, given by network.
func (e *Engine) releaseVIPs(vips map[string]string) {
	for network, text := range vips {
		addr := netip.MustParsePrefix(text).Addr()
		delete(e.vips, addr)
		e.pool.give(network, addr)
	}
}

func withLength(addr netip.Addr) string { return netip.PrefixFrom(addr, 24).String() }

func (e *Engine) assignAddresses(t *task) {
	for _, n := range e.networksOf(&t.service.Spec) {
		addr := e.pool.take(n.ID, e.options.ReuseAddresses)
		e.at[addr] = t
		t.NetworksAttachments = append(t.NetworksAttachments, swarm.NetworkAttachment{Network: n.asTask, Addresses: []string{withLength(addr)}})
	}
}

func (e *Engine) releaseAddresses(t *task) {
	for _, attachment := range t.NetworksAttachments {
		for _, text := range attachment.Addresses {
			addr := netip.MustParsePrefix(text).Addr()
			delete(e.at, addr)
			e.pool.give(attachment.Network.ID, addr)
		}
	}
}
