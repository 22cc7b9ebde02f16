package swarm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"
)

// A Problem says why the swarm cannot be read, in words for the operator: what is the matter (Message),
// and what to do about it (Hint). Code is stable; logs, metrics and tests go by it.
type Problem struct {
	Code    string
	Message string
	Hint    string
	Err     error // what the system, the docker client or the engine said; may be nil
}

// The codes of problems.
const (
	BadEndpoint  = "bad-endpoint"  // the address or the TLS files given cannot be used
	NoSocket     = "no-socket"     // there is no such unix socket
	NoPermission = "no-permission" // the socket is there but not for us
	NoDaemon     = "no-daemon"     // nobody listens, or the connection failed
	NoAnswer     = "no-answer"     // the daemon accepts and then says nothing
	BrokenAnswer = "broken-answer" // the answer stops in the middle or is not JSON
	TLS          = "tls"           // the two sides do not agree on TLS
	APIVersion   = "api-version"   // no API version that both sides speak
	NotManager   = "not-manager"   // this node is a worker
	NoSwarm      = "no-swarm"      // this node is in no swarm
	SwarmLocked  = "swarm-locked"  // the managers wait for their unlock key
	NoLeader     = "no-leader"     // the managers have no quorum
	Forbidden    = "forbidden"     // a socket proxy or an authorization plugin says no
	EngineError  = "engine-error"  // anything else that the engine complains of
	StreamEnded  = "stream-ended"  // the event stream is over; ask for it again
)

// Error leaves Err out on purpose: the docker client throws an error away and writes a vaguer one when its text looks like a failed dial.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "; " + p.Hint
}

func (p *Problem) Unwrap() error { return p.Err }

// diagnose finds the Problem behind an error of the docker client. A call that the caller ended is no problem.
func diagnose(err error, endpoint string) error {
	var known *Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return &Problem{NoAnswer, "the docker daemon at " + endpoint + " does not answer in time",
			"see whether the daemon is overloaded or the swarm has lost its managers (docker node ls)", err}
	case isTLS(err):
		return &Problem{TLS, "TLS with the docker daemon at " + endpoint + " fails: " + innermost(err),
			"check --docker.tls.ca, --docker.tls.cert and --docker.tls.key (or DOCKER_CERT_PATH) against the daemon's certificate, and that both sides use TLS or neither", err}
	case isBroken(err):
		return &Problem{BrokenAnswer, "the docker daemon at " + endpoint + " broke off its answer or sent something that is not its API",
			"see the daemon's log, and whether a proxy stands between", err}
	case client.IsErrConnectionFailed(err):
		return &Problem{NoDaemon, "the connection with the docker daemon at " + endpoint + " failed: " + innermost(err), "see whether it was restarted", err}
	}
	return complaint(err, endpoint)
}

// complaints are the engine's own sentences, which are all it gives to tell one refusal from another: the status is 503 for half of them.
var complaints = []struct{ says, code, message, hint string }{
	{"client version", APIVersion, "the docker daemon speaks no API version that we speak", "docker 20.10 or newer is needed; a newer Appia if the daemon says that the client is too old"},
	{`Use "docker swarm init"`, NoSwarm, "this docker engine is in no swarm", `run "docker swarm init", or join a swarm as a manager`},
	{"not part of a swarm", NoSwarm, "this docker engine is in no swarm", `run "docker swarm init", or join a swarm as a manager`},
	{"Worker nodes can't be used", NotManager, "this node is a worker, and only managers know the swarm's services",
		"place Appia on managers (constraint node.role == manager), or point --docker.endpoint at one"},
	{"Manager is being prepared", NoLeader, "this manager is still connecting to the swarm", "wait; if it stays so, see whether the other managers can be reached"},
	{"needs to be unlocked", SwarmLocked, "the swarm is locked", `run "docker swarm unlock" on this manager`},
	{"does not have a leader", NoLeader, "the swarm has no leader: too few managers are online", "bring back more than half of the managers"},
	{"HTTP request to an HTTPS server", TLS, "the docker daemon wants TLS and we speak plainly", "give --docker.tls.ca, --docker.tls.cert and --docker.tls.key, or DOCKER_CERT_PATH"},
}

func complaint(err error, endpoint string) *Problem {
	for _, c := range complaints {
		if strings.Contains(err.Error(), c.says) {
			return &Problem{c.code, fmt.Sprintf("%s (%s)", c.message, endpoint), c.hint, err}
		}
	}
	if cerrdefs.IsPermissionDenied(err) || cerrdefs.IsUnauthorized(err) {
		return &Problem{Forbidden, "the docker daemon at " + endpoint + " forbids the question: " + err.Error(),
			"a socket proxy must allow GET of /_ping, /info, /services, /tasks, /networks and /events", err}
	}
	return &Problem{EngineError, "the docker daemon at " + endpoint + " complains: " + err.Error(), "see the daemon's log", err}
}

func isTLS(err error) bool {
	var (
		header    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
	)
	if errors.As(err, &header) || errors.As(err, &alert) || errors.As(err, &verify) || errors.As(err, &authority) || errors.As(err, &hostname) {
		return true
	}
	// An alert that arrives after the handshake (TLS 1.3 asks for the client's certificate late) and the docker client's own
	// rewording have no type left.
	for _, text := range []string{"remote error: tls:", "server gave HTTP response to HTTPS client", "TLS-enabled daemon without TLS"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

func isBroken(err error) bool {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	return errors.Is(err, errNoList) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &syntax) || errors.As(err, &kind)
}

// innermost is the last word of a chain of errors, without the addresses and verbs that each layer put before it.
func innermost(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
