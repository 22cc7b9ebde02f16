package stdhttp

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// A distrust is why nothing was said to an endpoint by TLS, with a word for counters.
type distrust struct {
	error
	code string
}

// Code is the word.
func (d distrust) Code() string { return d.code }

func (d distrust) Unwrap() error { return d.error }

// handshakeFault gives the error of a handshake with an endpoint its word; others it leaves as they are.
func handshakeFault(err error) error {
	var unproved *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(err, &unproved):
		return distrust{err, "endpoint-certificate"}
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return distrust{err, "endpoint-not-tls"}
	case errors.As(err, &op) && op.Op == "remote error": // an alert, as crypto/tls has it
		return distrust{err, "endpoint-tls"}
	}
	return err
}
