package message

// TellsOfClient tells whether a field says who asks, and how: what routers tell endpoints, and what a client that is not
// trusted may not say of itself. CGI and its heirs (WSGI, Rack, PHP) make one of all marks in a name, so that X_Real_Ip and
// X.Real.Ip are X-Real-Ip to them, and to us.
func TellsOfClient(name string) bool {
	if len(name) < len("Forwarded") {
		return false
	}
	switch lower(name[0]) {
	case 'x':
		return len(name) > len(forwarded) && alike(name[:len(forwarded)], forwarded) || alike(name, "x-real-ip") || alike(name, "x-replaced-path")
	case 'f':
		return alike(name, "forwarded")
	}
	return false
}

const forwarded = "x-forwarded-"

// alike compares a name with one in lower case whose dashes stand for any mark.
func alike(name, lowered string) bool {
	if len(name) != len(lowered) {
		return false
	}
	for i := range len(name) {
		c := lower(name[i])
		if c != lowered[i] && (lowered[i] != '-' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return false
		}
	}
	return true
}
