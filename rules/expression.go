package rules

// An Expression is a condition on how a service has answered lately, or on how one attempt went, in the language that
// Traefik 1.x has for circuit breakers and for buffering's retries: comparisons joined by && and ||.
type Expression struct{ Text string }

// String is the expression as its author wrote it.
func (e *Expression) String() string { return e.Text }
