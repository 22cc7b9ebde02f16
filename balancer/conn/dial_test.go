package conn

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestARefusedDialSaysSoAndThatNothingWasSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close() // now nobody listens there

	_, err = new(Dialer).DialContext(t.Context(), "tcp", addr)
	if !Refused(err) || !Unsent(err) || Timeout(err) {
		t.Fatalf("refused %v, unsent %v, timeout %v: %v", Refused(err), Unsent(err), Timeout(err), err)
	}
}

func TestADialReachesAListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := new(Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func silence(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestASilentAddressTimesOutAfterOneSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := (&Dialer{Dial: silence}).DialContext(t.Context(), "tcp", "10.0.1.5:80")
		if !Timeout(err) || Refused(err) || !Unsent(err) {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(start); took != DefaultTimeout {
			t.Fatalf("took %v", took)
		}
	})
}

func TestACallerWhoGivesUpIsNotATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := (&Dialer{Dial: silence}).DialContext(ctx, "tcp", "10.0.1.5:80")
		if Timeout(err) || Refused(err) || !Unsent(err) {
			t.Fatalf("got %v", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the cause is lost: %v", err)
		}
	})
}

func TestAnErrorAfterDialingMayHaveSentSomething(t *testing.T) {
	if err := errors.New("read: connection reset"); Unsent(err) || Refused(err) || Timeout(err) {
		t.Fatal("taken for a dial error")
	}
}

func TestATimeOutThatTheKernelsClockSeesFirstIsOne(t *testing.T) {
	early := &Dialer{Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}}
	if _, err := early.DialContext(t.Context(), "tcp", "10.0.1.5:80"); !Timeout(err) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), early.timeout()/2)
	defer cancel()
	if _, err := early.DialContext(ctx, "tcp", "10.0.1.5:80"); Timeout(err) {
		t.Errorf("the caller's deadline: %v", err)
	}
}
