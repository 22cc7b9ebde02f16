package balancer

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

type carrier struct{ closed atomic.Int32 }

func (c *carrier) Close() error { c.closed.Add(1); return nil }

func (c *carrier) isClosed() bool { return c.closed.Load() > 0 }

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// picked is an endpoint with a carrier.
func picked(f *Fleet) (*Endpoint, *carrier) {
	e := swap(f, service("s", perTask(1, endpoints(0, 1))))[0].Pick()
	return e, e.Carrier(func(*Endpoint) io.Closer { return new(carrier) }).(*carrier)
}

func TestACarrierIsMadeOnce(t *testing.T) {
	f := newFleet(t, Options{})
	e, c := picked(f)
	again := e.Carrier(func(*Endpoint) io.Closer { t.Error("made again"); return nil })
	if again != io.Closer(c) {
		t.Error("another carrier")
	}
}

func TestAnIdleEndpointRetiresAtOnce(t *testing.T) {
	f := newFleet(t, Options{})
	e, c := picked(f)
	swap(f)
	if !isDone(e.Retired()) || !c.isClosed() || isDone(e.Cut()) || len(f.Status().Retiring) != 0 {
		t.Errorf("retired %v, carrier closed %v, cut %v", isDone(e.Retired()), c.isClosed(), isDone(e.Cut()))
	}
}

func TestARetiredEndpointFinishesItsRequests(t *testing.T) {
	f := newFleet(t, Options{})
	e, c := picked(f)
	e.Begin()
	e.Begin()
	swap(f)
	if !isDone(e.Retired()) || c.closed.Load() != 1 {
		t.Fatalf("retired %v, idle connections closed %d times", isDone(e.Retired()), c.closed.Load())
	}
	if r := f.Status().Retiring; len(r) != 1 || r[0].InFlight != 2 || r[0].State != Retiring {
		t.Errorf("status %+v", r)
	}
	e.End()
	if c.closed.Load() != 1 {
		t.Error("one request is left")
	}
	e.End()
	if c.closed.Load() != 2 || isDone(e.Cut()) || len(f.Status().Retiring) != 0 {
		t.Error("the last request did not end the endpoint")
	}
}

func TestADrainIsCutAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(Options{Drain: time.Minute})
		defer f.Close()
		e, c := picked(f)
		e.Begin()
		swap(f)
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		if isDone(e.Cut()) || c.closed.Load() != 1 {
			t.Fatal("cut before the deadline")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !isDone(e.Cut()) || c.closed.Load() != 2 || len(f.Status().Retiring) != 0 {
			t.Fatal("not cut at the deadline")
		}
		e.End()
	})
}

func TestAStragglerIsServedAndCleanedUpAfter(t *testing.T) {
	f := newFleet(t, Options{})
	e, c := picked(f)
	swap(f) // between a request's Pick and its Begin
	closes := c.closed.Load()
	e.Begin()
	e.End()
	if c.closed.Load() != closes+1 {
		t.Error("what the straggler left is not cleaned up")
	}
}

func TestATaskThatReturnsAfterRetiringIsANewEndpoint(t *testing.T) {
	f := newFleet(t, Options{})
	before, _ := picked(f)
	swap(f)
	after, _ := picked(f)
	if before == after || isDone(after.Retired()) {
		t.Error("a retired endpoint came back")
	}
}

func TestCloseClosesAllCarriers(t *testing.T) {
	f := New(Options{})
	_, c := picked(f)
	f.Close()
	if !c.isClosed() {
		t.Error("still open")
	}
}

func TestThoseWhoListenBeforeAndAfterHearTheSame(t *testing.T) {
	f := newFleet(t, Options{})
	e, _ := picked(f)
	before := e.Retired()
	if isDone(before) {
		t.Error("retired while wanted")
	}
	swap(f)
	if !isDone(before) || e.Retired() != before {
		t.Error("whoever listened early heard nothing")
	}
}
