package app

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// say sends bytes as they are to the entry point and reads to the end.
func (b *bed) say(text string) string {
	b.t.Helper()
	c, err := net.Dial("tcp", b.app.proxy.EntryPoints()[0].Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, text) // it may be refused before its end
	got, _ := io.ReadAll(c)
	return string(got)
}

func TestMetricsSayWhyConnectionsWereRefusedAndRequestsFailed(t *testing.T) {
	engine, endpoint := newEngine(t)
	b := start(t, engine, endpoint)
	b.deploy("blog", "blog.yml")
	b.untilText(":2368")
	b.say("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
	b.say("POST / HTTP/1.1\r\nHost: blog.litup.me\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX")
	for _, part := range []string{
		`appia_entrypoint_refused_total{cause="host-several",entrypoint="http"} 1`,
		`appia_entrypoint_failures_total{cause="chunk-end",entrypoint="http",side="client"} 1`,
		`appia_backend_failures_total{backend="backend-blog-ghost",cause="chunk-end",side="client"} 1`,
	} {
		if got := b.api("/metrics"); !strings.Contains(got, part) {
			t.Errorf("%s is not in\n%s", part, got)
		}
	}
}
