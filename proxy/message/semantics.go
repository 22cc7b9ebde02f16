package message

// What methods and statuses mean for the way of a message (RFC 9110).

// ClientGone is the status of a request whose client has left before its answer. It is seen by logs and counters alone.
const ClientGone = 499

// Idempotent tells whether a request may be sent twice (9.2.2).
func Idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// Bodyless tells whether an answer has no content, whatever its fields say (6.4.1).
func Bodyless(method string, status int) bool {
	return method == "HEAD" || status < 200 || status == 204 || status == 304
}
