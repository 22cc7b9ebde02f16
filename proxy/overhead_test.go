package proxy

import (
	"context"
	"io"
	"net/netip"
	"testing"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/balancer"
	"github.com/appia-edge/appia/proxy/message"
)

// BenchmarkServe is all that the product adds to what the engine does: finding the route, turns, fields, counters, the
// clock. Client and endpoint are a few assignments.
func BenchmarkServe(b *testing.B) {
	fleet := balancer.New(balancer.Options{})
	b.Cleanup(fleet.Close)
	back := new(instantBack)
	p := New(Options{EntryPoints: []EntryPointOptions{{Name: "http", TrustAll: true}}, Fleet: fleet, Back: back, Log: zap.NewNop(), Hostname: "edge-1"})
	r := &router{t: b, proxy: p}
	r.serve(service{rule: "Host:a.com", addrs: []string{"10.0.0.1:80", "10.0.0.2:80"}})
	x := newInstantExchange()
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x.ask()
			response, _ := back.RoundTrip(x, nil)
			x.Send(response)
		}
	})
	b.Run("product", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x.ask()
			p.entries[0].Serve(x)
		}
	})
}

// instantExchange is a client that asks the same again and takes any answer at once.
type instantExchange struct {
	request message.Request
	fields  []message.Field
	sent    int
}

func newInstantExchange() *instantExchange {
	x := &instantExchange{fields: []message.Field{
		{Name: "User-Agent", Value: "Mozilla/5.0"}, {Name: "Accept", Value: "*/*"}, {Name: "Accept-Encoding", Value: "gzip, br"},
		{Name: "Accept-Language", Value: "en"}, {Name: "Cookie", Value: "a=b; c=d"}, {Name: "Referer", Value: "http://a.com/"},
	}}
	x.request = message.Request{
		Method: "GET", Scheme: "http", Path: "/path", RawPath: "/path", Client: netip.MustParseAddrPort("10.1.2.3:4567"), ClientIP: "10.1.2.3",
	}
	return x
}

func (x *instantExchange) ask() {
	q := &x.request
	q.Host = "a.com"
	q.Fields.Reset()
	for _, f := range x.fields {
		q.Fields.Add(f.Name, f.Value)
	}
}

func (x *instantExchange) Request() *message.Request      { return &x.request }
func (x *instantExchange) Context() context.Context       { return context.Background() }
func (x *instantExchange) Inform(*message.Response) error { return nil }

func (x *instantExchange) Send(r *message.Response) (int64, *message.Failure) {
	x.sent += r.Status
	return 0, nil
}

func (x *instantExchange) Upgrade(*message.Response) (io.ReadWriteCloser, error) { return nil, io.EOF }

// instantBack answers before it is asked.
type instantBack struct{ response message.Response }

func (b *instantBack) RoundTrip(message.Exchange, *balancer.Endpoint) (*message.Response, *message.Failure) {
	r := &b.response
	r.Status = 200
	r.Fields.Reset()
	r.Fields.Add("Server", "nginx")
	r.Fields.Add("Date", "Mon, 23 Nov 2026 23:32:16 GMT")
	r.Fields.Add("Content-Type", "text/plain")
	r.Fields.Add("Content-Length", "1024")
	r.Fields.Add("Connection", "keep-alive")
	return r, nil
}
