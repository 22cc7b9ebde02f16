//go:build !linux

package conn

import (
	"syscall"
	"time"
)

// limitUnheard does nothing where the kernel offers no such limit.
func limitUnheard(syscall.RawConn, time.Duration) error { return nil }
