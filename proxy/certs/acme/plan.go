package acme

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
)

// most is how many names one certificate has; CAs take a hundred.
const most = 100

// plan is which certificates to order now, by their names, the same on every router that sees the same: what is asked for, less
// what there is. A name that stands in a certificate that is to be ordered is not asked for again by the next.
func (m *Manager) plan() (orders [][]string) {
	planned := map[string]bool{}
	for _, names := range m.asked() {
		var missing []string
		for _, name := range names {
			name = strings.ToLower(name)
			if planned[name] || planned[wild(name)] || m.has(name) || m.options.Covered != nil && m.options.Covered(name) {
				continue
			}
			planned[name] = true
			missing = append(missing, name)
		}
		for part := range slices.Chunk(missing, most) {
			orders = append(orders, part)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.SortStableFunc(orders, func(a, b []string) int { return m.failures(a) - m.failures(b) })
	return orders
}

// failures is how often an order has failed. The caller holds mu.
func (m *Manager) failures(names []string) int {
	if t := m.troubles[keyOf(names)]; t != nil {
		return t.Times
	}
	return 0
}

func wild(name string) string {
	_, parent, _ := strings.Cut(name, ".")
	return "*." + parent
}

// asked is what is asked for: by the operator, then by the table with the longest lists first, then by clients.
func (m *Manager) asked() [][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	byTable := slices.Clone(m.wanted)
	slices.SortFunc(byTable, func(a, b []string) int { return cmp.Or(len(b)-len(a), slices.Compare(a, b)) })
	all := slices.Concat(m.options.Domains, byTable)
	for name, since := range m.demanded {
		if time.Since(since) > demandKept {
			delete(m.demanded, name)
			continue
		}
		all = append(all, []string{name})
	}
	return all
}

// keyOf is the name of an order: its first name, and a sum of all.
func keyOf(names []string) string {
	sorted := slices.Sorted(slices.Values(names))
	sum := sha256.Sum256([]byte(strings.Join(sorted, ",")))
	return certmagic.StorageKeys.Safe(names[0]) + "-" + hex.EncodeToString(sum[:6])
}
