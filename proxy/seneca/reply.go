package seneca

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/appia-edge/appia/proxy/message"
)

// The fields by which the older dialect knows its answers. Without them a caller waits until its patience is over.
const (
	id     = "seneca-id"
	origin = "seneca-origin"
)

// Echo gives an answer the fields by which its caller knows it, where the service has not given them back.
func Echo(q *message.Request, r *message.Response) {
	for _, name := range [...]string{id, origin} {
		value, asked := q.Fields.Value(name, 0)
		if asked && !r.Fields.Has(name) {
			r.Fields.Add(name, value)
		}
	}
}

// Empty answers a message that nobody but observers wanted: in the older dialect null, which its callers can tell by the
// field they send.
func Empty(q *message.Request) *message.Response {
	if q.Fields.Has(id) {
		return answer(http.StatusOK, "null")
	}
	return answer(http.StatusOK, `{"meta$":{"empty":true}}`)
}

// Error answers with an error as both dialects want it: the older looks at the status, today's at meta$ alone, and takes any
// other answer, whatever its status, for a result.
func Error(status int, code, text string) *message.Response {
	return answer(status, errorText(code, text))
}

func errorText(code, text string) string {
	body, _ := json.Marshal(failure{Code: code, Message: text, Meta: meta{Error: true}}) // texts always can be
	return string(body)
}

// Refusal is such an error for what was not even a request, or did not come whole, and its Content-Type.
func Refusal(status int) (kind, text string) {
	text = http.StatusText(status)
	if status == http.StatusRequestTimeout {
		text = Late
	}
	return jsonText, errorText(Code(status), text)
}

// Late is the message of an error of status 408.
const Late = "the message did not come whole in time"

const jsonText = "application/json"

type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Meta    meta   `json:"meta$"`
}

type meta struct {
	Error bool `json:"error"`
}

func answer(status int, body string) *message.Response {
	r := &message.Response{Status: status, Body: message.Text(body)}
	r.Fields.Add("Content-Type", jsonText)
	r.Fields.Add("Content-Length", strconv.Itoa(len(body)))
	return r
}

// Code is the word for a status, in the manner of Seneca's own.
func Code(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "bad_message"
	case http.StatusUnauthorized, http.StatusForbidden:
		return "act_refused"
	case http.StatusNotFound:
		return "act_not_found"
	case http.StatusMethodNotAllowed:
		return "not_a_post"
	case http.StatusRequestTimeout:
		return "message_timeout"
	case http.StatusRequestEntityTooLarge:
		return "message_too_long"
	case http.StatusTooManyRequests:
		return "too_many"
	case http.StatusBadGateway:
		return "service_failed"
	case http.StatusServiceUnavailable:
		return "no_server"
	case http.StatusGatewayTimeout:
		return "service_timeout"
	}
	return "router_error"
}
