// Package message is the HTTP message, whatever the wire.
//
// Engines (net/http, our own HTTP/1.1) translate between bytes and these types at their edges; routing, balancing,
// filters, retry, the log and the counters are written once, against them. The package knows no socket, no TLS
// and no engine.
package message
