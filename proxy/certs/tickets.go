package certs

import (
	"fmt"
	"time"
)

// ticketPeriod is for how long new session tickets are sealed with one key. A ticket is good for a period at least, and for
// two at most: crypto/tls by itself would take them for a week.
const ticketPeriod = 12 * time.Hour

// rekey gives the entry point the keys of its tickets. All routers derive the same from the secret and the time: they need not
// talk, and their clocks may differ by a period, as the next one's key is known before it is used.
//
// An entry point's keys are its own: a ticket holds that its client's certificate was verified, and not by whose CA.
func (e *entry) rekey(now time.Time) {
	period := now.Unix() / int64(ticketPeriod/time.Second)
	if period == e.period {
		return
	}
	e.period = period
	var keys [][32]byte
	for _, p := range []int64{period, period + 1, period - 1} { // the first one seals
		keys = append(keys, e.store.secret.Derive(fmt.Sprintf("session tickets %s %d", e.scope, p)))
	}
	e.config.SetSessionTicketKeys(keys)
	e.quic.SetSessionTicketKeys(keys)
}
