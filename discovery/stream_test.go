package discovery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// told adds a complete stream before the scene's own; what it returns next comes from broken.
func told(s *Stream) (hint chan struct{}, broken chan error, change func(*Options)) {
	hint, broken = make(chan struct{}), make(chan error)
	s.Name, s.Complete, s.Optional = "watch", true, true
	s.Run = func(ctx context.Context, say func()) error {
		select {
		case err := <-broken: // before it opens
			return err
		default:
		}
		say()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case err := <-broken:
				return err
			case <-hint:
				say()
			}
		}
	}
	return hint, broken, func(o *Options) { o.Streams = append([]Stream{*s}, o.Streams...) }
}

func TestACompleteStreamIsHeededAtOnceAndElseOnlyTheCalmLookIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hint, _, with := told(&Stream{})
		busy := named("a")
		busy.Services[0].Converging = true
		r := newRig(t, busy, "", with)
		r.run(t, func(t *testing.T) {
			if s := r.Status(); s.Source != "watch" {
				t.Errorf("the source is %q", s.Source)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			r.scene.looked()
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := r.scene.looked(); n != 4 {
				t.Errorf("%d looks in a minute without a hint, want 4", n)
			}
			before := time.Now()
			r.scene.set(named("a", "b"), nil)
			hint <- struct{}{}
			r.wantApplied(t, "a", "a b")
			if took := time.Since(before); took != 0 {
				t.Errorf("a change waited for %s", took)
			}
		})
	})
}

func TestAStormOnACompleteStreamIsServedInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hint, _, with := told(&Stream{})
		r := newRig(t, named("a"), "", with)
		r.run(t, func(t *testing.T) {
			r.scene.looked()
			for range 1000 {
				time.Sleep(100 * time.Microsecond)
				hint <- struct{}{}
			}
			synctest.Wait()
			if n := r.scene.looked(); n < 10 || n > 25 {
				t.Errorf("1000 hints in 100 ms took %d looks, want one every 5 ms", n)
			}
		})
	})
}

func TestWithoutItsCompleteStreamTheLoopPollsUntilItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hint, broken, with := told(&Stream{})
		r := newRig(t, named("a"), "", with)
		r.run(t, func(t *testing.T) {
			time.Sleep(time.Minute)
			broken <- errors.New("EOF")
			synctest.Wait()
			if s := r.Status(); s.Source != "events" {
				t.Errorf("without the watch the source is %q", s.Source)
			}
			r.scene.looked()
			time.Sleep(400 * time.Millisecond)
			synctest.Wait()
			if n := r.scene.looked(); n == 0 {
				t.Error("nobody looks, and nobody tells")
			}
			time.Sleep(retryAtMost)
			if s := r.Status(); s.Source != "watch" {
				t.Errorf("later the source is %q", s.Source)
			}
			r.scene.set(named("b"), nil)
			hint <- struct{}{}
			r.wantApplied(t, "a", "b")
		})
	})
}

func TestAStreamThatCannotBeOpenedIsToldOfOnceUnlessItNeedNotBeThere(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		optional bool
		want     int
	}{
		"missing and optional": {fs.ErrNotExist, true, 0},
		"missing":              {fs.ErrNotExist, false, 1},
		"forbidden":            {fs.ErrPermission, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, named("a"), "", func(o *Options) {
					o.Streams[0] = Stream{Name: "watch", Complete: true, Optional: c.optional, Run: func(context.Context, func()) error {
						return fmt.Errorf("control.sock: %w", c.err)
					}}
				})
				r.run(t, func(t *testing.T) {
					time.Sleep(time.Minute)
					synctest.Wait()
					r.scene.looked()
					time.Sleep(time.Minute)
					synctest.Wait()
					if n := r.scene.looked(); n != 4 {
						t.Errorf("%d looks in a calm minute, want 4", n)
					}
					time.Sleep(time.Hour)
					if n := r.logs.FilterLevelExact(zap.WarnLevel).Len(); n != c.want {
						t.Errorf("told %d times, want %d", n, c.want)
					}
					if s := r.Status(); s.Source != "" {
						t.Errorf("the source is %q", s.Source)
					}
				})
			})
		})
	}
}
