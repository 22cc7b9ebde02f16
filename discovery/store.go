package discovery

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/appia-edge/appia/discovery/snapshot"
)

// A large swarm's snapshot is many megabytes, and it changes with every task: it is written at most this often, but for
// the last of it when looks begin to fail and when the loop ends.
const storeEvery = 5 * time.Second

// storeAgain is how long after a write that failed the next is tried: a disk that was full has room again some day, and
// the swarm may not change for long after that.
const storeAgain = time.Minute

// A store keeps the last good snapshot on disk, so that a router that starts while no manager answers still serves.
// Where it cannot write it says so once, leaves what is on disk as it is, and tries again. It belongs to the loop's goroutine.
type store struct {
	path    string // "": nowhere
	log     *zap.Logger
	warned  bool
	pending *snapshot.Swarm // not written yet
	written time.Time       // the last time, with or without success
	timer   *time.Timer     // until pending is due; nil: nothing pending
}

func newStore(dir string, log *zap.Logger) *store {
	if dir == "" {
		return &store{log: log}
	}
	return &store{path: filepath.Join(dir, "snapshot.json"), log: log}
}

// load is the snapshot on disk, nil when there is none that can be read.
func (s *store) load() *snapshot.Swarm {
	if s.path == "" {
		return nil
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		if !os.IsNotExist(err) {
			s.log.Warn("cannot read the last known state", zap.Error(err))
		}
		return nil
	}
	kept := &snapshot.Swarm{}
	if err := json.Unmarshal(data, kept); err != nil {
		s.log.Warn("the last known state on disk is damaged and is passed over", zap.String("file", s.path), zap.Error(err))
		return nil
	}
	return kept
}

// keep has a snapshot written: at once after a calm, else together with those that follow, storeEvery after the last.
func (s *store) keep(seen *snapshot.Swarm) {
	if s.path == "" {
		return
	}
	s.pending = seen
	every := storeEvery
	if s.warned {
		every = storeAgain
	}
	rest := time.Until(s.written.Add(every))
	if rest <= 0 {
		s.flush()
		return
	}
	s.wake(rest)
}

func (s *store) wake(after time.Duration) {
	if s.timer == nil {
		s.timer = time.NewTimer(after)
	}
}

// due fires when what is pending should be written; nil, which never fires, when nothing is.
func (s *store) due() <-chan time.Time {
	if s.timer == nil {
		return nil
	}
	return s.timer.C
}

// flush writes what is pending.
func (s *store) flush() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if s.pending == nil {
		return
	}
	err := s.write(s.pending)
	s.written = time.Now()
	if err != nil {
		s.complain(err)
		s.wake(storeAgain)
		return
	}
	if s.warned {
		s.log.Info("the last known state is kept on disk again", zap.String("file", s.path))
	}
	s.pending, s.warned = nil, false
}

func (s *store) complain(err error) {
	if s.warned {
		return
	}
	s.warned = true
	s.log.Warn("cannot keep the last known state on disk; a restart while the swarm does not answer would begin with an older one, or empty",
		zap.String("hint", "give --stateDir a folder that can be written, on a disk that has room"), zap.Error(err))
}

// write makes the whole file beside the old one and renames it, so that a crash leaves one of the two.
func (s *store) write(seen *snapshot.Swarm) error {
	data, err := json.Marshal(seen)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	fresh := s.path + ".new"
	if err = os.WriteFile(fresh, data, 0o600); err == nil {
		err = os.Rename(fresh, s.path)
	}
	if err != nil {
		_ = os.Remove(fresh) // on a full disk half of it would keep the other half's room
	}
	return err
}
