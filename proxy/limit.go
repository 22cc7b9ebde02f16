package proxy

import (
	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/proxy/middleware"
	"github.com/appia-edge/appia/rules"
)

// limitKey is what a service's connection limit counts a request under; false: nothing is counted.
func limitKey(m *rules.MaxConn, bits int, q *message.Request) (string, bool) {
	if m == nil || m.Amount == 0 {
		return "", false
	}
	return middleware.Key(m.Extractor, bits, q), true
}
