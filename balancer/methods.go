package balancer

import (
	"strings"
	"sync"
)

// otherMethod stands for the methods beyond those a tally keeps apart: a client may invent one per request,
// and each would be a series for ever.
const (
	otherMethod = "OTHER"
	maxInvented = 16
)

// methods are the names a tally has met, standard ones aside.
type methods struct {
	mu   sync.Mutex
	seen map[string]string
}

// name is the method as a tally may keep it: not a view of a request's buffer, and one of a bounded number.
func (m *methods) name(method string) string {
	if std := standard(method); std != "" {
		return std
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.seen[method]; ok {
		return known
	}
	if len(m.seen) == maxInvented {
		return otherMethod
	}
	if m.seen == nil {
		m.seen = make(map[string]string)
	}
	method = strings.Clone(method)
	m.seen[method] = method
	return method
}

func standard(method string) string {
	for _, m := range [...]string{"GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", otherMethod} {
		if m == method {
			return m
		}
	}
	return ""
}
