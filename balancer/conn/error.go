package conn

import (
	"errors"
	"syscall"
)

// An Error is a connection that did not come to be, so nothing was sent and the request may go elsewhere,
// whatever its method.
type Error struct {
	Addr string
	Err  error
	slow bool // our own timeout ended the attempt
}

func (e *Error) Error() string { return "dial " + e.Addr + ": " + e.Err.Error() }

// Unwrap is the dialler's own error.
func (e *Error) Unwrap() error { return e.Err }

// Unsent reports whether err came from dialling, before a byte was written.
func Unsent(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

// Refused reports whether err says that nobody listens at the address: it was refused, or no host has it.
// In a swarm the list of tasks lags behind the tasks, so this is often the first news of a death.
func Refused(err error) bool {
	return Unsent(err) && (errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, syscall.EHOSTUNREACH) ||
		errors.Is(err, syscall.ENETUNREACH) ||
		errors.Is(err, syscall.EHOSTDOWN))
}

// Timeout reports whether err is an attempt that ended because the dialler's timeout passed. A caller who
// gave up earlier is not one.
func Timeout(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.slow || errors.Is(e.Err, syscall.ETIMEDOUT))
}
