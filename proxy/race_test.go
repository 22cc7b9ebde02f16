//go:build race || portable || !linux

package proxy

// wasteful: the race detector allocates, and so do the portable sockets.
const wasteful = true
