package message

// MayTrail tells whether a field may stand behind the content. What frames or routes a message, says who asks, or changes
// how it is to be read must come before it (RFC 9110, 6.5.1): a receiver that merges trailers into the head would
// otherwise believe there what was refused to it above.
func MayTrail(name string) bool {
	for _, never := range neverTrailing {
		if SameName(name, never) {
			return false
		}
	}
	return !begins(name, "If-") && !TellsOfClient(name)
}

var neverTrailing = []string{
	"Transfer-Encoding", "Content-Length", "Host", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade", "Http2-Settings",
	"Authorization", "Proxy-Authorization", "Proxy-Authenticate", "Www-Authenticate", "Cookie", "Set-Cookie",
	"Cache-Control", "Expect", "Max-Forwards", "Pragma", "Range", "Age", "Date", "Expires", "Location", "Retry-After", "Vary", "Warning",
	"Content-Encoding", "Content-Type", "Content-Range",
}

func begins(name, prefix string) bool {
	return len(name) >= len(prefix) && SameName(name[:len(prefix)], prefix)
}
