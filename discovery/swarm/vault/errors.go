package vault

import (
	"errors"

	"github.com/appia-edge/appia/discovery/swarm"
)

var (
	// ErrUnreachable says that the swarm does not answer, or not to the point; a *swarm.Problem in its chain says why.
	ErrUnreachable = errors.New("the vault in the swarm cannot be reached")
	// ErrSealed says that there is something that our key does not open: it is another secret's, or was tampered with. It is never
	// fs.ErrNotExist, lest a router with a wrong secret orders every certificate anew.
	ErrSealed = errors.New("the vault holds what our secret does not open")
	// ErrTooLarge says that a value has more than Largest bytes.
	ErrTooLarge = errors.New("the value is too large for the vault")
	// ErrBadKey says that a key is empty or too long.
	ErrBadKey = errors.New("not a key of a vault")
	// ErrContended says that others wrote the same key again and again.
	ErrContended = errors.New("others write the same key at the same time")
	// ErrLost says that a lock was lost before it was released: it could not be renewed in time, or its config was removed.
	ErrLost = errors.New("the lock was lost")
	// ErrNotHeld says that a lock is released that is not held.
	ErrNotHeld = errors.New("the lock is not held")
)

var errNoAnswer = errors.New("the docker engine does not answer in time")

// isAnswer tells refusals from an engine in trouble.
func isAnswer(err error) bool {
	return errors.Is(err, swarm.ErrConfigExists) || errors.Is(err, swarm.ErrNoConfig) || errors.Is(err, swarm.ErrBadConfig)
}

// unreachable is ErrUnreachable with its reason. It has no Unwrap, because the reason may be a socket that does not exist, and that
// is fs.ErrNotExist too: whoever asks a vault for a key would take it for a key that does not exist.
type unreachable struct{ reason error }

func (u *unreachable) Error() string        { return ErrUnreachable.Error() + ": " + u.reason.Error() }
func (u *unreachable) Is(target error) bool { return target == ErrUnreachable }
func (u *unreachable) As(target any) bool   { return errors.As(u.reason, target) }
