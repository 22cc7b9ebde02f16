package accesslog

import (
	"strconv"
	"time"
)

const commonTime = "02/Jan/2006:15:04:05 -0700"

// appendCommon writes the line of Traefik 1.7's common format:
//
//	CLIENT - USER [TIME] "METHOD PATH PROTO" STATUS SIZE "REFERER" "AGENT" COUNT "FRONTEND" "URL" TIMEms
func (l *Log) appendCommon(b []byte, r *Record) []byte {
	b = l.appendClient(b, r)
	b = append(b, ` - `...)
	b = appendWordOr(b, l.shown(ClientUsername, r.User))
	b = append(b, ` [`...)
	b = l.started(r).AppendFormat(b, commonTime)
	b = append(b, `] "`...)
	b = l.appendRequest(b, r)
	b = append(b, `" `...)
	b = l.appendOutcome(b, r)
	b = appendQuoted(b, orDash(show(l.referer, r.Referer)))
	b = append(b, ' ')
	b = appendQuoted(b, orDash(show(l.agent, r.Agent)))
	b = append(b, ' ')
	b = strconv.AppendUint(b, l.number(RequestCount, r.Count), 10)
	b = append(b, ' ')
	b = l.appendPlace(b, r)
	b = strconv.AppendUint(b, l.number(Duration, uint64(r.Took.Milliseconds())), 10)
	return append(b, "ms\n"...)
}

func (l *Log) appendClient(b []byte, r *Record) []byte {
	switch {
	case !l.fields[ClientHost]:
		return append(b, '-')
	case r.Forwarded != "":
		return appendWord(b, r.Forwarded)
	}
	return appendIP(b, r)
}

func appendIP(b []byte, r *Record) []byte {
	if r.ClientIP != "" || !r.Client.IsValid() {
		return appendWordOr(b, r.ClientIP)
	}
	return r.Client.Addr().Unmap().WithZone("").AppendTo(b)
}

func (l *Log) started(r *Record) time.Time {
	if l.fields[StartUTC] {
		return r.Started.UTC()
	}
	return r.Started.Local()
}

func (l *Log) appendRequest(b []byte, r *Record) []byte {
	b = appendWordOr(b, l.shown(RequestMethod, r.Method))
	b = append(b, ' ')
	if l.fields[RequestPath] {
		b = appendTarget(b, r, appendText)
	} else {
		b = append(b, '-')
	}
	b = append(b, ' ')
	return appendWordOr(b, l.shown(RequestProtocol, r.Proto))
}

// appendTarget writes path and query in the given spelling.
func appendTarget(b []byte, r *Record, spell func([]byte, string) []byte) []byte {
	b = spell(b, r.Path)
	if r.Query {
		b = append(b, '?')
		b = spell(b, r.RawQuery)
	}
	return b
}

// appendOutcome writes the status and size of the origin, dashes without one.
func (l *Log) appendOutcome(b []byte, r *Record) []byte {
	if r.OriginStatus != 0 && l.fields[OriginStatus] {
		b = strconv.AppendInt(b, int64(r.OriginStatus), 10)
	} else {
		b = append(b, '-')
	}
	b = append(b, ' ')
	if r.OriginStatus != 0 && l.fields[OriginContentSize] {
		b = strconv.AppendInt(b, r.OriginSent, 10)
	} else {
		b = append(b, '-')
	}
	return append(b, ' ')
}

// appendPlace writes where the request went, or what kept it from going anywhere.
func (l *Log) appendPlace(b []byte, r *Record) []byte {
	if (r.Verdict != "" || r.Frontend != "") && l.fields[FrontendName] {
		b = append(b, '"')
		b = append(b, r.Verdict...)
		b = appendText(b, r.Frontend)
		b = append(b, `" `...)
	} else {
		b = append(b, `- `...)
	}
	url := r.URL
	if r.Verdict != "" {
		url = r.Path
	}
	if url == "" || !l.fields[BackendURL] {
		return append(b, `- `...)
	}
	b = appendQuoted(b, url)
	return append(b, ' ')
}

// shown is a text if its field is kept.
func (l *Log) shown(f field, text string) string {
	if !l.fields[f] {
		return ""
	}
	return text
}

func (l *Log) number(f field, n uint64) uint64 {
	if !l.fields[f] {
		return 0
	}
	return n
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func appendWordOr(b []byte, s string) []byte { return appendWord(b, orDash(s)) }
