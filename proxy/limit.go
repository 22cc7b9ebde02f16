package proxy

import (
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// limitKey is what a service's connection limit counts a request under; false: nothing is counted.
func limitKey(m *rules.MaxConn, q *message.Request) (string, bool) {
	if m == nil || m.Amount == 0 {
		return "", false
	}
	switch m.Extractor.Kind {
	case rules.ByClientIP:
		// The whole address: Traefik 1.x took the text before the first colon, one key for all of IPv6.
		return q.Client.Addr().String(), true
	case rules.ByHeader:
		return q.Fields.Get(m.Extractor.Header), true
	}
	return q.Host, true
}
