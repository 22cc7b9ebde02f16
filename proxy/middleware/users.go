package middleware

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/appia-edge/appia/rules"
)

// users are those of an authentication: of a label, and of a file, whose word counts where both know a name. A file that
// changes is read again; one that cannot be read any more leaves the users as they were.
type users struct {
	parse  func(line string) (rules.User, error)
	listed []rules.User
	file   string
	now    func() time.Time

	mu     sync.Mutex
	looked time.Time   // at the file
	state  os.FileInfo // of the file, when it was read
	known  *directory
}

// A directory is the users that are known at a time. It is not changed once made.
type directory struct {
	byName map[string]rules.User
	sum    [sha256.Size]byte // of all that is known of them, to derive a secret from
}

// look is how often a request may have us look whether the file has changed.
const look = 5 * time.Second

func newUsers(lines []string, file string, parse func(string) (rules.User, error), now func() time.Time) (*users, error) {
	u := &users{parse: parse, file: file, now: now, looked: now()}
	var err error
	if u.listed, err = u.readLines(lines); err != nil {
		return nil, err
	}
	if u.known, u.state, err = u.read(); err != nil {
		return nil, err
	}
	return u, nil
}

// all is the users as they are now.
func (u *users) all() *directory {
	if u.file == "" {
		return u.known
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if now := u.now(); now.Sub(u.looked) >= look {
		u.looked = now
		u.refresh()
	}
	return u.known
}

func (u *users) refresh() {
	state, err := os.Stat(u.file)
	if err != nil || state.ModTime().Equal(u.state.ModTime()) && state.Size() == u.state.Size() && os.SameFile(state, u.state) {
		return
	}
	if known, state, err := u.read(); err == nil {
		u.known, u.state = known, state
	}
}

// read puts those listed and those of the file together.
func (u *users) read() (*directory, os.FileInfo, error) {
	d := &directory{byName: map[string]rules.User{}}
	for _, user := range u.listed {
		d.add(user)
	}
	if u.file == "" {
		return d, nil, nil
	}
	state, err := os.Stat(u.file)
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(u.file)
	if err != nil {
		return nil, nil, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	filed, err := u.readLines(lines)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", u.file, err)
	}
	for _, user := range filed {
		d.add(user)
	}
	return d, state, nil
}

func (d *directory) add(user rules.User) {
	d.byName[user.Name] = user
	d.sum = sha256.Sum256(append(d.sum[:], user.Name+":"+user.Realm+":"+user.Hash...))
}

// readLines refuses lines that are of no user's form; a hash that cannot be read is a user who cannot come in.
func (u *users) readLines(lines []string) (all []rules.User, err error) {
	for i, line := range lines {
		user, err := u.parse(line)
		if user.Name == "" && err != nil {
			return nil, fmt.Errorf("user %d of %d: %w", i+1, len(lines), err)
		}
		all = append(all, user)
	}
	return all, nil
}
