package discovery

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

func TestStateIsWrittenAtOnceAfterACalmAndElseEveryFiveSeconds(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), dir, nil)
		r.run(t, func(t *testing.T) {
			began := time.Now()
			for _, step := range []struct {
				at     time.Duration
				change string // "": none
				onDisk string // 100 ms later
			}{
				{1 * time.Second, "b", "a"},
				{5 * time.Second, "", "b"}, // 5 s after the first
				{5200 * time.Millisecond, "c", "b"},
				{6 * time.Second, "d", "b"},
				{9800 * time.Millisecond, "", "b"},
				{10 * time.Second, "", "d"},
				{14 * time.Second, "e", "d"},
				{15 * time.Second, "", "e"},
				{40 * time.Second, "f", "f"},
			} {
				time.Sleep(time.Until(began.Add(step.at)))
				if step.change != "" {
					r.scene.set(named(step.change), nil)
					r.scene.hint <- struct{}{}
				}
				time.Sleep(2 * breath)
				synctest.Wait()
				if kept := newStore(dir, zap.NewNop()).load(); kept == nil || kept.Services[0].Name != step.onDisk {
					t.Errorf("after %s: on disk is %+v, want %s", step.at, kept, step.onDisk)
				}
			}
		})
	})
}

func TestALookThatFailsDoesNotMakeTheNextWriteEarly(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newStore(dir, zap.NewNop())
		s.keep(named("a"))
		s.flush() // nothing pending
		s.keep(named("b"))
		if kept := s.load(); kept.Services[0].Name != "a" {
			t.Errorf("on disk is %+v", kept)
		}
		time.Sleep(storeEvery)
		<-s.due()
		s.flush()
		if kept := s.load(); kept.Services[0].Name != "b" {
			t.Errorf("on disk is %+v", kept)
		}
	})
}

func TestAFullDiskKeepsTheOldStateWholeAndGetsTheNewWhenItHasRoom(t *testing.T) {
	dir := t.TempDir()
	full := func() {
		t.Helper()
		if err := os.Symlink("/dev/full", filepath.Join(dir, "snapshot.json.new")); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("a"), dir, nil)
		onDisk := func(want string) {
			t.Helper()
			synctest.Wait()
			if kept := newStore(dir, zap.NewNop()).load(); kept == nil || kept.Services[0].Name != want {
				t.Errorf("on disk is %+v, want %s", kept, want)
			}
		}
		r.run(t, func(t *testing.T) {
			time.Sleep(time.Minute)
			full()
			r.scene.set(named("b"), nil)
			r.scene.hint <- struct{}{}
			time.Sleep(time.Second)
			r.wantApplied(t, "a", "b")
			onDisk("a")
			full()
			time.Sleep(storeAgain)
			onDisk("a")
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("half a file is left: %v, %v", left, err)
			}
			time.Sleep(storeAgain) // nothing changes any more
			onDisk("b")
		})
		if n := r.logs.FilterMessageSnippet("cannot keep").Len(); n != 1 {
			t.Errorf("warned %d times", n)
		}
		if n := r.logs.FilterMessageSnippet("kept on disk again").Len(); n != 1 {
			t.Errorf("told %d times that it is over", n)
		}
	})
}
