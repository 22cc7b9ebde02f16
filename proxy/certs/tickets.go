package certs

import (
	"fmt"
	"time"
)

// ticketPeriod is for how long new session tickets are sealed with one key. A ticket is good for a period at least, and for
// two at most.
const ticketPeriod = 12 * time.Hour

// rekey gives the entry point the keys of its tickets. All routers derive the same from the secret and the time: they need not
// talk, and their clocks may differ by a period, as the next one's key is known before it is used.
//
// An entry point's keys are its own: a ticket holds that its client's certificate was verified, and not by whose CA.
func (e *entry) rekey(now time.Time) {
	secret := e.store.options.Secret
	period := now.Unix() / int64(ticketPeriod/time.Second)
	if secret == nil || period == e.period {
		return // without a secret crypto/tls has keys of its own, and changes them
	}
	e.period = period
	var keys [][32]byte
	for _, p := range []int64{period, period + 1, period - 1} { // the first one seals
		keys = append(keys, secret.Derive(fmt.Sprintf("session tickets %s %d", e.scope, p)))
	}
	e.config.SetSessionTicketKeys(keys)
}
