//go:build linux

package handover

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/appia-edge/appia/proxy/http3"
)

func listen(t *testing.T, h *Handover, address string) net.Listener {
	t.Helper()
	l, err := h.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestOneRouterDoesNotListenTwiceOnAnAddress(t *testing.T) {
	h := New(zap.NewNop())
	at := listen(t, h, "127.0.0.1:0").Addr().String()
	_, port, _ := net.SplitHostPort(at)
	for _, address := range []string{at, ":" + port} {
		if l, err := h.Listen(t.Context(), "tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: %v %v", address, l, err)
		}
	}
}

func TestPortIsSharedWithARouterThatHandsNothingOverAndThatIsSaid(t *testing.T) {
	at := listen(t, New(zap.NewNop()), "127.0.0.1:0").Addr().String()
	core, logs := observer.New(zap.WarnLevel)
	listen(t, New(zap.New(core)), at)
	if logs.FilterField(zap.String("address", at)).Len() != 1 {
		t.Errorf("said %v", logs.All())
	}
}

func TestSocketOfAPredecessorIsTakenForItsOwnAddressAlone(t *testing.T) {
	for _, row := range []struct {
		at, address string
		want        bool
	}{
		{"[::]:80", ":80", true}, {"[::]:80", "[::]:80", true}, {"0.0.0.0:80", "0.0.0.0:80", true}, {"127.0.0.1:80", "127.0.0.1:80", true},
		{"[::]:80", ":81", false}, {"[::]:80", "127.0.0.1:80", false}, {"127.0.0.1:80", ":80", false}, {"[::]:80", "0.0.0.0:80", false},
		{"127.0.0.1:80", "127.0.0.2:80", false}, {"127.0.0.1:80", "127.0.0.1:0", false},
	} {
		at, err := net.ResolveTCPAddr("tcp", row.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := isAt(at, row.address); got != row.want {
			t.Errorf("%s for %s: %t", row.at, row.address, got)
		}
	}
}

func TestSuccessorGetsTheSocketsAndTheOldOneLearnsThatItServes(t *testing.T) {
	old := New(zap.NewNop())
	l := listen(t, old, "127.0.0.1:0")
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	go old.answer(ours)
	c, err := net.FileConn(theirs)
	if err != nil {
		t.Fatal(err)
	}
	next := New(zap.NewNop())
	next.ask(c)
	same := listen(t, next, l.Addr().String())
	next.Serving()
	defer next.Leave()
	if !old.Followed() {
		t.Error("it does not know that it is followed")
	}
	l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	served, err := same.Accept()
	if err != nil {
		t.Fatal(err)
	}
	served.Close()
}

func TestSuccessorGetsThePortsOfHTTP3AndASlotOfItsOwn(t *testing.T) {
	old := New(zap.NewNop())
	listen(t, old, "127.0.0.1:0")
	port, err := old.ListenUDP(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	go old.answer(ours)
	c, err := net.FileConn(theirs)
	if err != nil {
		t.Fatal(err)
	}
	next := New(zap.NewNop())
	next.ask(c)
	at := port.Sockets[0].LocalAddr().String()
	if other, err := next.ListenUDP(t.Context(), "127.0.0.1:0"); err != nil || other.Sockets[0].LocalAddr().String() == at {
		t.Errorf("for another address: %v", err)
	} else {
		other.Close()
	}
	same, err := next.ListenUDP(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer same.Close()
	if same.Slot != port.Slot+1 || len(same.Sockets) != len(port.Sockets) {
		t.Errorf("slot %d of %d", same.Slot, len(same.Sockets))
	}
	for _, s := range same.Sockets {
		if s.LocalAddr().String() != at {
			t.Errorf("a socket of %s", s.LocalAddr())
		}
	}
}

func TestSocketsThatNobodyNamesAreNoPort(t *testing.T) {
	for _, text := range []string{"", "[]", `["udp 127.0.0.1:1 0"]`, `["udp 127.0.0.1:1 99","udp","udp ","udp ","udp ","udp ","udp ","udp "]`} {
		var sockets []*net.UDPConn
		for range http3.Slots {
			s, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			sockets = append(sockets, s)
		}
		if ports := portsOf([]byte(text), sockets); len(ports) > 0 {
			t.Errorf("%q: %v", text, ports)
		}
		for _, s := range sockets {
			if s.Close() == nil {
				t.Errorf("%q: a socket was left open", text)
			}
		}
	}
}
