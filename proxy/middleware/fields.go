package middleware

import "github.com/appia-edge/appia/proxy/message"

// own takes a field out of the client's hands, before a filter says in it what the endpoint will believe. With it go the
// names that differ in marks alone: to an endpoint that makes variables of fields, as CGI and WSGI do, they are the same.
func own(fields *message.Fields, name string) {
	fields.Keep(func(other string) bool { return !message.Alike(other, name) })
}

// say sets a field that the client cannot.
func say(fields *message.Fields, name, value string) {
	own(fields, name)
	fields.Add(name, value)
}

// framing are the fields that tell where a message ends or are for one connection: the engines write them.
func framing(name string) bool {
	for _, f := range []string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		if message.SameName(name, f) {
			return true
		}
	}
	return false
}
