//go:build !race && !portable && linux

package proxy

const wasteful = false
