package accesslog

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/message"
)

// A field is one of a JSON line, in the order of the line: by name, as 1.x sorts them.
type field uint8

// By their names in Traefik 1.7.
const (
	BackendAddr field = iota
	BackendName
	BackendURL
	ClientAddr
	ClientHost
	ClientPort
	ClientUsername
	DownstreamContentSize
	DownstreamStatus
	DownstreamStatusLine
	Duration
	FrontendName
	GzipRatio
	OriginContentSize
	OriginDuration
	OriginStatus
	OriginStatusLine
	Overhead
	RequestAddr
	RequestContentSize
	RequestCount
	RequestHost
	RequestLine
	RequestMethod
	RequestPath
	RequestPort
	RequestProtocol
	RetryAttempts
	StartLocal
	StartUTC
	fieldCount
)

var fieldNames = [fieldCount]string{
	"BackendAddr", "BackendName", "BackendURL", "ClientAddr", "ClientHost", "ClientPort", "ClientUsername", "DownstreamContentSize",
	"DownstreamStatus", "DownstreamStatusLine", "Duration", "FrontendName", "GzipRatio", "OriginContentSize", "OriginDuration",
	"OriginStatus", "OriginStatusLine", "Overhead", "RequestAddr", "RequestContentSize", "RequestCount", "RequestHost", "RequestLine",
	"RequestMethod", "RequestPath", "RequestPort", "RequestProtocol", "RetryAttempts", "StartLocal", "StartUTC",
}

// appendJSON writes a line as 1.7 does: the fields, then headers and what its logger adds, by name.
func (l *Log) appendJSON(b []byte, r *Record) []byte {
	b = append(b, '{')
	for f := range fieldCount {
		if l.fields[f] {
			b = appendField(b, f, r)
		}
	}
	b = append(b, r.downstream...)
	b = append(b, `"level":"info","msg":"",`...)
	b = append(b, r.origin...)
	b = append(b, r.request...)
	b = append(b, `"time":"`...)
	b = r.Started.Add(r.Took).AppendFormat(b, time.RFC3339)
	return append(b, "\"}\n"...)
}

// appendField writes a field with the comma behind it; nothing where there is nothing to tell.
func appendField(b []byte, f field, r *Record) []byte {
	start := len(b)
	b = append(b, '"')
	b = append(b, fieldNames[f]...)
	b = append(b, `":`...)
	value := len(b)
	b = appendValue(b, f, r)
	if len(b) == value {
		return b[:start]
	}
	return append(b, ',')
}

func appendValue(b []byte, f field, r *Record) []byte {
	switch {
	case f < DownstreamContentSize:
		return appendParty(b, f, r)
	case f < RequestAddr:
		return appendAnswer(b, f, r)
	}
	return appendAsked(b, f, r)
}

// appendParty writes who asked and who was asked.
func appendParty(b []byte, f field, r *Record) []byte {
	switch f {
	case BackendAddr:
		return appendKnown(b, r.Addr)
	case BackendName:
		return appendBackend(b, r)
	case BackendURL:
		return appendURL(b, r)
	case ClientAddr:
		b = append(b, '"')
		if r.Client.IsValid() {
			b = netip.AddrPortFrom(r.Client.Addr().Unmap(), r.Client.Port()).AppendTo(b)
		}
		return append(b, '"')
	case ClientHost:
		if r.Forwarded != "" {
			return appendString(b, r.Forwarded)
		}
		b = append(b, '"')
		b = appendIP(b, r)
		return append(b, '"')
	case ClientPort:
		b = append(b, '"')
		b = strconv.AppendUint(b, uint64(r.Client.Port()), 10)
		return append(b, '"')
	}
	return appendString(b, orDash(r.User))
}

// appendAnswer writes what was answered, how it came about and how long that took.
func appendAnswer(b []byte, f field, r *Record) []byte {
	if r.OriginStatus == 0 && (f == OriginContentSize || f == OriginDuration || f == OriginStatus || f == OriginStatusLine) {
		return b
	}
	switch f {
	case DownstreamContentSize:
		return strconv.AppendInt(b, r.Sent, 10)
	case DownstreamStatus:
		return strconv.AppendInt(b, int64(r.Status), 10)
	case DownstreamStatusLine:
		return appendStatus(b, r.Status)
	case Duration:
		return strconv.AppendInt(b, int64(r.Took), 10)
	case FrontendName:
		return appendFrontend(b, r)
	case GzipRatio:
		if r.OriginSent == r.Sent || r.Sent == 0 || r.OriginStatus == 0 {
			return b
		}
		return strconv.AppendFloat(b, float64(r.OriginSent)/float64(r.Sent), 'f', -1, 64)
	case OriginContentSize:
		return strconv.AppendInt(b, r.OriginSent, 10)
	case OriginDuration:
		return strconv.AppendInt(b, int64(r.OriginTook), 10)
	case OriginStatus:
		return strconv.AppendInt(b, int64(r.OriginStatus), 10)
	case OriginStatusLine:
		return appendStatus(b, r.OriginStatus)
	}
	return strconv.AppendInt(b, int64(r.Took-r.OriginTook), 10) // Overhead
}

// appendAsked writes the request.
func appendAsked(b []byte, f field, r *Record) []byte {
	switch f {
	case RequestAddr:
		return appendString(b, r.Host)
	case RequestContentSize:
		return strconv.AppendInt(b, r.received(), 10)
	case RequestCount:
		return strconv.AppendUint(b, r.Count, 10)
	case RequestHost:
		host, _ := splitHost(r.Host)
		return appendString(b, host)
	case RequestLine:
		return appendRequestLine(b, r)
	case RequestMethod:
		return appendString(b, r.Method)
	case RequestPath:
		b = append(b, '"')
		b = appendTarget(b, r, appendInside)
		return append(b, '"')
	case RequestPort:
		_, port := splitHost(r.Host)
		return appendString(b, port)
	case RequestProtocol:
		return appendString(b, r.Proto)
	case RetryAttempts:
		return strconv.AppendInt(b, int64(r.Retries), 10)
	case StartLocal:
		return appendTime(b, r.Started.Local())
	}
	return appendTime(b, r.Started.UTC())
}

func appendKnown(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	return appendString(b, text)
}

// appendBackend calls whatever the router answers by itself "Traefik", as those who read 1.x's logs look for.
func appendBackend(b []byte, r *Record) []byte {
	if r.Verdict != "" {
		return append(b, `"Traefik"`...)
	}
	return appendKnown(b, r.Backend)
}

func appendFrontend(b []byte, r *Record) []byte {
	if r.Verdict == "" && r.Frontend == "" {
		return b
	}
	b = append(b, '"')
	b = append(b, r.Verdict...)
	b = appendInside(b, r.Frontend)
	return append(b, '"')
}

// appendURL writes the object that 1.x makes of a parsed URL.
func appendURL(b []byte, r *Record) []byte {
	scheme, host, found := strings.Cut(r.URL, "://")
	path := ""
	switch {
	case r.Verdict != "":
		scheme, host, path = "", "", r.Path
	case !found:
		return b
	}
	host, rest, under := strings.Cut(host, "/")
	if under {
		path = "/" + rest
	}
	b = append(b, `{"Scheme":`...)
	b = appendString(b, scheme)
	b = append(b, `,"Opaque":"","User":null,"Host":`...)
	b = appendString(b, host)
	b = append(b, `,"Path":`...)
	b = appendString(b, path)
	return append(b, `,"RawPath":"","ForceQuery":false,"RawQuery":"","Fragment":""}`...)
}

func appendStatus(b []byte, status int) []byte {
	b = append(b, '"')
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(status)...)
	return append(b, '"')
}

func appendRequestLine(b []byte, r *Record) []byte {
	b = append(b, '"')
	b = appendInside(b, r.Method)
	b = append(b, ' ')
	b = appendTarget(b, r, appendInside)
	b = append(b, ' ')
	b = append(b, r.Proto...)
	return append(b, '"')
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// splitHost cuts a Host field; without a port that is "-", as in 1.x.
func splitHost(host string) (name, port string) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return host, "-"
	}
	return strings.Trim(host[:i], "[]"), host[i+1:]
}

// appendHeaders writes the first value of each header, by name.
func (l *Log) appendHeaders(r *Record, b []byte, prefix string, fields *message.Fields) []byte {
	r.sorted = append(r.sorted[:0], fields.All()...)
	for i := range r.sorted {
		r.sorted[i].Name = http.CanonicalHeaderKey(r.sorted[i].Name)
	}
	slices.SortStableFunc(r.sorted, func(a, b message.Field) int { return strings.Compare(a.Name, b.Name) })
	for i, f := range r.sorted {
		if i > 0 && f.Name == r.sorted[i-1].Name {
			continue
		}
		mode := l.options.Headers.mode(f.Name)
		if mode == Drop {
			continue
		}
		b = append(b, '"')
		b = append(b, prefix...)
		b = appendInside(b, f.Name)
		b = append(b, `":`...)
		b = appendString(b, show(mode, f.Value))
		b = append(b, ',')
	}
	return b
}
