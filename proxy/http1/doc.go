// Package http1 speaks HTTP/1.1 on both sides of the router: a Server that turns a client's bytes into exchanges, and a
// Back that carries them to endpoints. It is strict (RFC 9110, RFC 9112): whatever leaves room for two opinions on
// where a message ends is refused, and what is forwarded is written anew, never passed through.
//
// One goroutine serves a client's connection and drives both sides of its exchanges. It sleeps inside one callback of
// syscall.RawConn.Read, which the runtime calls when the socket is readable: so that no read is tried in vain, no
// second goroutine is woken, and a waiting connection holds no buffer; one that has been idle for seconds gives up its
// goroutine too (dormitory.go). See docs/architecture.md for the figures.
package http1
