package message

import "strings"

// RemoveHopByHop removes what is meant for the next hop only: Connection, what it names, and those that it does not have to name
// (RFC 9110, 7.6.1). What frames or routes a message is nobody's to name away.
func RemoveHopByHop(fields *Fields) {
	if named := fields.Joined("Connection"); named != "" {
		for name := range strings.SplitSeq(named, ",") {
			if name = strings.TrimSpace(name); name != "" && !frames(name) {
				fields.Del(name)
			}
		}
	}
	fields.Keep(EndToEnd)
}

func frames(name string) bool {
	return SameName(name, "Content-Length") || SameName(name, "Transfer-Encoding") || SameName(name, "Host")
}

// EndToEnd tells whether a field goes further, unless Connection names it. By length first: every field of every message comes by here.
func EndToEnd(name string) bool {
	hop := ""
	switch len(name) {
	case len("Te"):
		hop = "Te"
	case len("Upgrade"):
		return !SameName(name, "Upgrade") && !SameName(name, "Trailer")
	case len("Connection"):
		return !SameName(name, "Connection") && !SameName(name, "Keep-Alive")
	case len("Http2-Settings"):
		hop = "Http2-Settings"
	case len("Proxy-Connection"):
		hop = "Proxy-Connection"
	case len("Transfer-Encoding"):
		hop = "Transfer-Encoding"
	case len("Proxy-Authenticate"):
		hop = "Proxy-Authenticate"
	case len("Proxy-Authorization"):
		hop = "Proxy-Authorization"
	default:
		return true
	}
	return !SameName(name, hop)
}
