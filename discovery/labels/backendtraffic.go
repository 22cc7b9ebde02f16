package labels

import (
	"errors"
	"strconv"
	"strings"

	"github.com/appia-edge/appia/rules"
)

// Circuit breakers and buffering. What bounds something and cannot be read closes its route: without it more would be let
// through than its author wants.

func setBreaker(d *draft, e entry) {
	when, err := rules.ParseBreaker(e.value)
	if err != nil {
		d.refuseExpression(e, err, "so the breaker can't work and the route is not served")
		return
	}
	d.addFilter(rankBreaker, rules.CircuitBreaker{When: when})
}

func (d *draft) refuseExpression(e entry, err error, so string) {
	var wrong *rules.ExpressionError
	suggestion := ""
	if errors.As(err, &wrong) {
		suggestion = wrong.Suggestion
	}
	d.refuse(e, BadExpression, err.Error()+", "+so, suggestion)
}

// bufferBound is a setter of the most bytes that a body may have.
func bufferBound(at func(*rules.Buffering) *int64) setter {
	return bufferSize(at, func(d *draft, e entry) {
		d.refuse(e, BadNumber, "not a number of bytes, so the bound can't be kept and the route is not served", meantBytes(e.value))
	})
}

// bufferMemory is a setter of how much of a body is kept in memory.
func bufferMemory(at func(*rules.Buffering) *int64) setter {
	return bufferSize(at, func(d *draft, e entry) {
		d.warn(e, BadNumber, "not a number of bytes, so 1048576 holds", meantBytes(e.value))
	})
}

// bufferSize switches buffering on, unless the value is empty.
func bufferSize(at func(*rules.Buffering) *int64, wrong func(*draft, entry)) setter {
	return setter{"bytes", func(d *draft, e entry) {
		if e.value == "" {
			return
		}
		d.buffer(e)
		n, err := strconv.ParseInt(e.value, 10, 64)
		if err != nil || n < 0 {
			wrong(d, e)
			return
		}
		*at(d.buffering) = n
	}}
}

func setReplay(d *draft, e entry) {
	d.buffer(e)
	when, err := rules.ParseReplay(e.value)
	if err != nil {
		d.refuseExpression(e, err, "so the route is not served")
		return
	}
	d.buffering.Retry = when
}

// buffer switches buffering on and tells once what that costs.
func (d *draft) buffer(e entry) {
	if d.buffering != nil {
		return
	}
	d.buffering = &rules.Buffering{}
	d.tell(about(e, rules.Info, NoStreams,
		"answers are read to their end before the client gets any of them, so that event streams and long polls never arrive, in Traefik 1.x as here"))
}

// meantBytes is the number of bytes that 10MB or 512k stand for.
func meantBytes(value string) string {
	text := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(value), " ", ""))
	text = strings.TrimSuffix(strings.TrimSuffix(text, "b"), "i")
	shift := 0
	for i, unit := range []string{"k", "m", "g"} {
		if before, ok := strings.CutSuffix(text, unit); ok {
			text, shift = before, 10*(i+1)
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return ""
	}
	return strconv.FormatInt(n<<shift, 10)
}

func setFlushInterval(d *draft, e entry) {
	d.tell(about(e, rules.Info, WithoutEffect, "answers are flushed whenever the endpoint pauses, so that there is no interval to set"))
}

// makeFilters makes the filters that take several labels.
func (d *draft) makeFilters() {
	d.errorPages()
	if d.buffering != nil {
		d.addFilter(rankBuffering, *d.buffering)
	}
	d.limitRates()
}
