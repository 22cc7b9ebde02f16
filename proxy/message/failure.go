package message

import (
	"context"
	"errors"
	"fmt"
)

// A Failure is a request that went wrong: where, on whose side, and whether it may be tried elsewhere.
type Failure struct {
	Side  Side
	Step  Step
	Again bool  // nothing reached the endpoint, or sending it twice does no harm
	Err   error // the cause
}

// ErrOverdue is the cause (context.Cause) of the end of an exchange that has taken longer than one may.
var ErrOverdue error = overdue{}

type overdue struct{}

func (overdue) Error() string { return "the answer has taken longer than it may" }

func (overdue) Code() string { return Overdue }

// Overdue is the word for it in logs and counters.
const Overdue = "answer-timeout"

// Ended is the failure of an exchange whose context has ended: the client has left, or has had its time.
func Ended(ctx context.Context, step Step, err error) *Failure {
	if cause := context.Cause(ctx); errors.Is(cause, ErrOverdue) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return &Failure{Side: Client, Step: step, Err: err}
}

// Side is who broke the exchange.
type Side uint8

// The three parties of an exchange.
const (
	Upstream Side = iota // the endpoint
	Client               // whoever asked
	Router               // we ourselves
)

// Step is how far the exchange had come.
type Step uint8

// In the order of an exchange.
const (
	Dialing  Step = iota // no connection to an endpoint
	Refused              // a connection was refused: the endpoint is gone
	Sending              // the request was under way
	Waiting              // for the head of the response
	Relaying             // the body was under way to the client
	TimedOut             // no connection, no head, or no more of the client's body, within the time allowed
	NoPlace              // the service has no endpoint
)

var (
	sideNames = [...]string{"upstream", "client", "router"}
	stepNames = [...]string{"dial", "refused", "send", "wait", "relay", "timeout", "no-endpoint"}
)

// String names the side for logs.
func (s Side) String() string { return sideNames[s] }

// String names the step for logs.
func (s Step) String() string { return stepNames[s] }

// Error says side, step and cause.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %s: %v", f.Side, f.Step, f.Err) }

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Code is a word for logs and counters: the cause's own if it has one, "chunk-size" say, or else the step.
func (f *Failure) Code() string {
	var coded interface{ Code() string }
	if errors.As(f.Err, &coded) {
		return coded.Code()
	}
	return f.Step.String()
}

// Status is the answer that a failure deserves.
func (f *Failure) Status() int {
	switch {
	case f.Side == Client && f.Step == TimedOut:
		return 408
	case f.Side == Client && f.Step == Sending:
		return 400 // its body is not what its head promised
	case f.Side == Client || errors.Is(f.Err, context.Canceled):
		return ClientGone
	case f.Step == NoPlace:
		return 503
	case f.Step == TimedOut:
		return 504
	case f.Side == Router:
		return 500
	}
	return 502
}
