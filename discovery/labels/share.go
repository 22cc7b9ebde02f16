package labels

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// share is the segment's share of a service, without endpoints yet.
func (r *reading) share(d *draft, segment string) rules.ServiceSpec {
	name := r.backendName(d, segment)
	return rules.ServiceSpec{
		Name: name, Weight: d.weight, PerService: d.perService, Balance: d.balance,
		Sticky: d.affinity(name), Check: d.activeCheck(), MaxConn: d.limit(), Presence: d.presence,
	}
}

// addShare adds a share to the spec. Segments that name one service with one weight make one share of it, in which
// an endpoint stands once.
func (r *reading) addShare(share rules.ServiceSpec) {
	i := slices.IndexFunc(r.spec.Services, func(s rules.ServiceSpec) bool {
		return s.Name == share.Name && s.Weight == share.Weight
	})
	if i < 0 {
		r.spec.Services = append(r.spec.Services, share)
		return
	}
	existing := &r.spec.Services[i]
	for _, endpoint := range share.Endpoints {
		if !slices.Contains(existing.Endpoints, endpoint) {
			existing.Endpoints = append(existing.Endpoints, endpoint)
		}
	}
}

// affinity is nil unless one of the two labels for it is true; attributes alone do nothing.
func (d *draft) affinity(backend string) *rules.Sticky {
	const label = "traefik.backend.loadbalancer.stickiness"
	if d.sticks {
		sticky := d.sticky
		if sticky.Cookie == "" {
			sticky.Cookie = cookieName(backend)
		}
		return &sticky
	}
	d.idle(label+".", label)
	if d.oldSticky {
		return &rules.Sticky{Cookie: "_TRAEFIK_BACKEND"}
	}
	return nil
}

// activeCheck is nil without a path to ask for.
func (d *draft) activeCheck() *rules.Check {
	if d.check.Path == "" {
		d.idle("traefik.backend.healthcheck.", "traefik.backend.healthcheck.path")
		d.idle("appia.healthcheck.", "traefik.backend.healthcheck.path")
		return nil
	}
	check := d.check
	return &check
}

// limit is nil without an amount, or with 0 of it.
func (d *draft) limit() *rules.MaxConn {
	extractor, ok := parseExtractor(d.extractor.value)
	if d.maxConn == nil || *d.maxConn == 0 {
		d.idle("traefik.backend.maxconn.", "traefik.backend.maxconn.amount")
		if !ok {
			d.warn(d.extractor, BadExtractor, noExtractor+"; as there is no limit, nothing is lost", meantExtractor(d.extractor.value))
		}
		return nil
	}
	if !ok {
		d.refuse(d.extractor, BadExtractor, noExtractor+", so the limit can't be kept and the route is not served", meantExtractor(d.extractor.value))
	}
	return &rules.MaxConn{Amount: *d.maxConn, Extractor: extractor}
}

const noExtractor = "not client.ip, request.host or request.header.NAME"

func meantExtractor(value string) string {
	meant, _ := rules.Nearest(value, []string{"client.ip", "request.host", "request.header.NAME"})
	return meant
}

func parseExtractor(text string) (extractor rules.Extractor, ok bool) {
	switch text {
	case "", "request.host":
		return rules.Extractor{Kind: rules.ByHost}, true
	case "client.ip":
		return rules.Extractor{Kind: rules.ByClientIP}, true
	}
	header, ok := strings.CutPrefix(text, "request.header.")
	return rules.Extractor{Kind: rules.ByHeader, Header: textproto.CanonicalMIMEHeaderKey(header)}, ok && header != ""
}
