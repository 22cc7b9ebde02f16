//go:build !linux

package http3

import "net"

// Elsewhere nothing is handed over (cmd/internal/handover), and nobody shares a port.
const slots = 1

func sharing() *net.ListenConfig { return &net.ListenConfig{} }

func bufferOf(*net.UDPConn) int { return 0 }

func (p *Port) steer() {}
