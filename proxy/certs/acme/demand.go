package acme

import (
	"strings"
	"time"
)

const (
	demandKept = 24 * time.Hour // that a name counts as asked for
	demandMost = 10             // new names in a day that clients may ask for
)

// demand notes that a client asks for a name, if the table has a route for it: anybody can ask for anything.
func (m *Manager) demand(host string) {
	if !strings.Contains(host, ".") {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.demanded[host]
	if known || len(m.demanded) >= demandMost || m.permitted == nil || !m.permitted(host) {
		return
	}
	m.demanded[host] = time.Now()
	m.wake()
}
