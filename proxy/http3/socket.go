package http3

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"

	"go.uber.org/zap"
)

// wantedBuffer is what quic-go wants the kernel to hold for a socket, so that a burst from a fast client is not lost.
const wantedBuffer = 7 << 20

// quiet keeps quic-go from writing to the standard log that it got less.
var quiet = sync.OnceFunc(func() { _ = os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true") })

func openSocket(ctx context.Context, address string, log *zap.Logger) (*net.UDPConn, error) {
	quiet()
	conn, err := sharing().ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, fmt.Errorf("HTTP/3: %w", err)
	}
	socket, ok := conn.(*net.UDPConn)
	if !ok {
		_ = conn.Close()
		return nil, fmt.Errorf("HTTP/3: %s gives no socket for UDP", address)
	}
	_ = socket.SetReadBuffer(wantedBuffer)
	if got := bufferOf(socket); got > 0 && got < wantedBuffer {
		log.Info("the kernel holds little for HTTP/3, so that fast uploads are slowed; on the node, sysctl -w net.core.rmem_max="+strconv.Itoa(wantedBuffer),
			zap.String("address", address), zap.Int("bytes", got))
	}
	return socket, nil
}
