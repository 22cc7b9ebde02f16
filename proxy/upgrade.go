package proxy

import (
	"io"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// upgrade joins client and endpoint after a 101 and returns when both have said all. What flows is theirs.
func (v *visit) upgrade(r *message.Response) {
	defer r.Upgraded.Close()
	protocol := r.Fields.Get("Upgrade")
	cleanResponse(&r.Fields)
	v.markForwarded()
	if v.chain != nil {
		v.chain.Switch(v.filtered, r)
	}
	if v.admitted != nil {
		v.entry.chain.Switch(v.admitted, r)
	}
	r.Fields.Set("Connection", "Upgrade")
	r.Fields.Set("Upgrade", protocol)
	v.status = r.Status
	if v.record != nil {
		v.log().Origin(v.record, r)
		v.goes(r)
	}
	// Counted before the client's connection is taken from the server, so that a shutdown always sees one of the two.
	v.tunnel = v.entry.tunnels.add(r.Upgraded)
	client, err := v.exchange.Upgrade(r)
	if err != nil {
		v.failure = &message.Failure{Side: message.Client, Step: message.Relaying, Err: err}
		return
	}
	defer client.Close()
	v.entry.tunnels.join(v.tunnel, client)
	v.sent = join(client, r.Upgraded)
}

// linger is how long a client may go on sending to an endpoint that has said all.
const linger = 10 * time.Second

// join copies both ways until both sides are done; a side that closes only its sending half may still receive.
// A client that is silent after its endpoint's end would hold the tunnel for ever, and is given a bounded time.
func join(client, endpoint io.ReadWriteCloser) (sent int64) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := io.Copy(endpoint, client)
		hangUp(endpoint, err)
	}()
	sent, err := io.Copy(client, endpoint)
	hangUp(client, err)
	late := time.AfterFunc(linger, func() { client.Close() })
	defer late.Stop()
	<-done
	return sent
}

// hangUp tells a side that nothing more will come: by half a close after a proper end, by a whole one after a fault.
func hangUp(side io.Closer, err error) {
	half, ok := side.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		side.Close()
	}
}
