package middleware

import (
	"strings"

	"github.com/appia-edge/appia/proxy/message"
)

// own takes a field out of the client's hands, before a filter says in it what the endpoint will believe. With it go the
// names that differ in _ and - alone: to an endpoint that makes variables of fields, as CGI and WSGI do, they are the same.
func own(fields *message.Fields, name string) {
	fields.Keep(func(other string) bool { return !alike(other, name) })
}

func alike(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	return message.SameName(strings.ReplaceAll(a, "_", "-"), strings.ReplaceAll(b, "_", "-"))
}

// say sets a field that the client cannot.
func say(fields *message.Fields, name, value string) {
	own(fields, name)
	fields.Add(name, value)
}

// sameName compares names of entry points, which have no case.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// framing are the fields that tell where a message ends or are for one connection: the engines write them.
func framing(name string) bool {
	for _, f := range []string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		if message.SameName(name, f) {
			return true
		}
	}
	return false
}
