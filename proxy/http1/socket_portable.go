//go:build !linux || portable

package http1

import (
	"net"
	"syscall"
)

// The portable twin of socket_linux.go: no socket is raw, so that the rest of it is not reached.

func rawOf(*net.TCPConn) syscall.RawConn { return nil }

func tryRead(int, []byte) (int, error)                { return 0, errWait }
func tryWrite(int, []byte) (int, error)               { return 0, nil }
func silent(int) bool                                 { return true }
func (s *socket) ended() (end, reset bool)            { return false, false }
func (s *socket) movedBytes() (received, sent uint64) { return 0, 0 }
