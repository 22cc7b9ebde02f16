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

// A store keeps the last good snapshot on disk, so that a router that starts while no manager answers still serves.
// Where it cannot write it says so once, and memory alone has to do. It belongs to the loop's goroutine.
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
	rest := time.Until(s.written.Add(storeEvery))
	if rest <= 0 {
		s.flush()
		return
	}
	if s.timer == nil {
		s.timer = time.NewTimer(rest)
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
	s.pending, s.written = nil, time.Now()
	if err != nil && !s.warned {
		s.log.Warn("cannot keep the last known state on disk; a restart while the swarm does not answer would begin empty",
			zap.String("hint", "give --stateDir a folder that can be written"), zap.Error(err))
	}
	s.warned = err != nil
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
	if err := os.WriteFile(fresh, data, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, s.path)
}
