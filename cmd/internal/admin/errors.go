package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Errors are the last requests that were answered by an error, for /health.
type Errors struct {
	mu   sync.Mutex
	last []recentError // the oldest first
	most int
	now  func() time.Time
}

// recentError has the keys of Traefik 1.7.
type recentError struct {
	Code   int       `json:"status_code"`
	Status string    `json:"status"`
	Method string    `json:"method"`
	Host   string    `json:"host"`
	Path   string    `json:"path"`
	Time   time.Time `json:"time"`
}

// NewErrors keeps a number of errors.
func NewErrors(most int) *Errors { return &Errors{most: most, now: time.Now} }

// Add notes an error. The texts are copied.
func (e *Errors) Add(status int, method, host, path string) {
	r := recentError{status, http.StatusText(status), strings.Clone(method), strings.Clone(host), strings.Clone(path), e.now()}
	if r.Status == "" {
		r.Status = fmt.Sprint(status)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.last) == e.most {
		e.last = slices.Delete(e.last, 0, 1)
	}
	e.last = append(e.last, r)
}

// newest lists them, the last one first.
func (e *Errors) newest() []recentError {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	all := slices.Clone(e.last)
	slices.Reverse(all)
	return all
}
