package middleware

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/appia-edge/appia/proxy/message"
	"github.com/appia-edge/appia/rules"
)

// A forwardAuth asks another server whether a request may pass. 2xx lets it pass, with what the server says of the user;
// any other answer is the client's.
type forwardAuth struct {
	rules.ForwardAuth
	address *url.URL
	client  *http.Client
}

// permissionTimeout is for the whole of a permission server's answer.
const permissionTimeout = 30 * time.Second

func newForwardAuth(f rules.ForwardAuth, o Options) (*forwardAuth, error) {
	address, err := url.Parse(f.Address)
	if err != nil {
		return nil, err
	}
	if address.Scheme != "http" && address.Scheme != "https" || address.Host == "" {
		return nil, errors.New("the address is no http or https URL")
	}
	secure, err := clientTLS(f.TLS)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext: o.Dial, Proxy: http.ProxyFromEnvironment, TLSClientConfig: secure, TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
		DisableCompression: true, // what it says in a coding is for the client to read
	}
	client := &http.Client{Transport: transport, Timeout: permissionTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return &forwardAuth{f, address, client}, nil
}

// Close implements io.Closer.
func (a *forwardAuth) Close() error {
	a.client.CloseIdleConnections()
	return nil
}

// Request implements Asker.
func (a *forwardAuth) Request(v *Visit) *message.Response {
	body, tooLong, err := a.takeBody(v.Exchange.Request())
	if tooLong {
		return Answer(http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge))
	}
	if err != nil {
		return unread(v, err)
	}
	answer, err := a.ask(v, body)
	switch {
	case err != nil && v.Exchange.Context().Err() != nil:
		return a.failed(v, message.Client, message.ClientGone, err)
	case err != nil:
		return a.failed(v, message.Router, http.StatusInternalServerError, err)
	}
	if answer.StatusCode/100 == 2 {
		a.permit(v, answer)
		return nil
	}
	v.Refused = RefusedAuth
	return a.denial(answer)
}

// failed is the answer where the server has none: without a body, as in Traefik 1.x.
func (a *forwardAuth) failed(v *Visit, side message.Side, status int, err error) *message.Response {
	v.Refused = RefusedAuth
	v.Failure = &message.Failure{Side: side, Step: message.Waiting, Err: fmt.Errorf("permission: %w", err)}
	return Answer(status, "")
}

// takeBody reads the request's body where the server is to see it, and puts a copy in its place.
func (a *forwardAuth) takeBody(q *message.Request) (text []byte, tooLong bool, err error) {
	if !a.ForwardBody || q.Body == nil {
		return nil, false, nil
	}
	var body io.Reader = q.Body
	if a.MaxBodySize > 0 {
		body = io.LimitReader(body, a.MaxBodySize+1)
	}
	text, err = io.ReadAll(body)
	if a.MaxBodySize > 0 && int64(len(text)) > a.MaxBodySize {
		return nil, true, nil
	}
	q.Fields.Del("Expect") // what the client waited for has come
	q.Body = &readBody{Reader: bytes.NewReader(text), body: q.Body, size: int64(len(text))}
	return text, false, err
}

// readBody is a body that was read to its end, to be read again.
type readBody struct {
	*bytes.Reader
	body message.Body
	size int64
}

func (b *readBody) Length() int64             { return b.size }
func (b *readBody) Close() error              { return b.body.Close() }
func (b *readBody) Trailers() *message.Fields { return b.body.Trailers() }

func (a *forwardAuth) ask(v *Visit, body []byte) (*http.Response, error) {
	q := v.Exchange.Request()
	method := http.MethodGet
	if a.PreserveMethod {
		method = strings.Clone(q.Method)
	}
	question := &http.Request{Method: method, URL: a.address, Host: a.address.Host, Header: a.question(v)}
	if body != nil {
		question.Body, question.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	answer, err := a.client.Do(question.WithContext(v.Exchange.Context()))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 {
		answer.Body.Close()
		return nil, fmt.Errorf("the permission server answers %s", answer.Status)
	}
	return answer, nil
}

// question is the client's fields, and who asks for what.
func (a *forwardAuth) question(v *Visit) http.Header {
	q := v.Exchange.Request()
	header := http.Header{"User-Agent": {""}} // else net/http has one of its own
	for _, f := range q.Fields.All() {
		if len(a.RequestHeaders) > 0 && !listed(a.RequestHeaders, f.Name) || !message.EndToEnd(f.Name) {
			continue
		}
		if !a.ForwardBody && (message.SameName(f.Name, "Content-Length") || message.SameName(f.Name, "Expect")) {
			continue
		}
		// Clones: the transport may outlive the exchange, whose buffers these are.
		key, value := http.CanonicalHeaderKey(strings.Clone(f.Name)), strings.Clone(f.Value)
		if key == "User-Agent" {
			header.Set(key, value)
			continue
		}
		header[key] = append(header[key], value)
	}
	a.introduce(v, header)
	return header
}

// introduce says whose request it is, in the client's own words where those are believed.
func (a *forwardAuth) introduce(v *Visit, header http.Header) {
	q := v.Exchange.Request()
	client := q.Peer().String()
	if before := q.Fields.Joined("X-Forwarded-For"); before != "" && a.TrustForwardHeader {
		client = before + ", " + client
	}
	header.Set("X-Forwarded-For", client)
	scheme := "http"
	if q.Scheme == "https" {
		scheme = "https"
	}
	for name, own := range map[string]string{
		"X-Forwarded-Method": q.Method, "X-Forwarded-Proto": scheme, "X-Forwarded-Host": q.Host, "X-Forwarded-Uri": withQuery(q.RawPath, q),
	} {
		if given := q.Fields.Get(name); given != "" && a.TrustForwardHeader {
			own = given
		}
		header.Set(name, strings.Clone(own))
	}
}

// permit takes over what the server says of the user. The client's own fields of those names are gone, be they in the
// answer or not.
func (a *forwardAuth) permit(v *Visit, answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // so that the connection can be used again
	answer.Body.Close()
	fields := &v.Exchange.Request().Fields
	for _, name := range a.ResponseHeaders {
		if framing(name) {
			continue
		}
		own(fields, name)
		for _, value := range answer.Header.Values(name) {
			fields.Add(name, value)
		}
	}
	a.permitLike(fields, answer.Header)
	if a.HeaderField != "" {
		v.User = answer.Header.Get(a.HeaderField)
	}
	if len(a.AddCookies) > 0 {
		v.Keep(answer.Cookies())
	}
}

// permitLike is permit for names that match a regexp.
func (a *forwardAuth) permitLike(fields *message.Fields, header http.Header) {
	if a.ResponseHeadersRegexp == nil {
		return
	}
	fields.Keep(func(name string) bool {
		return !a.ResponseHeadersRegexp.MatchString(http.CanonicalHeaderKey(message.Unmarked(name)))
	})
	for name, values := range header {
		if !a.ResponseHeadersRegexp.MatchString(name) || !message.EndToEnd(name) || framing(name) {
			continue
		}
		own(fields, name)
		for _, value := range values {
			fields.Add(name, value)
		}
	}
}

// Response implements Answerer: it gives the client the permission's cookies.
func (a *forwardAuth) Response(v *Visit, r *message.Response) *message.Response {
	cookies, _ := v.Kept().([]*http.Cookie)
	for _, cookie := range cookies {
		if listed(a.AddCookies, cookie.Name) {
			r.Fields.Add("Set-Cookie", cookie.Raw)
		}
	}
	return r
}

// Switch implements Switcher: a session that was renewed is renewed for whoever opens a tunnel too.
func (a *forwardAuth) Switch(v *Visit, r *message.Response) { a.Response(v, r) }

// denial is the server's answer as the client gets it.
func (a *forwardAuth) denial(answer *http.Response) *message.Response {
	r := &message.Response{Status: answer.StatusCode}
	location, err := answer.Location()
	for name, values := range answer.Header {
		if !message.EndToEnd(name) {
			continue
		}
		for _, value := range values {
			if name == "Location" && err == nil && !a.PreserveLocation {
				value = location.String()
			}
			r.Fields.Add(name, value)
		}
	}
	if answer.ContentLength >= 0 && !r.Fields.Has("Content-Length") {
		r.Fields.Add("Content-Length", strconv.FormatInt(answer.ContentLength, 10))
	}
	r.Body = answerBody{answer}
	return r
}

// answerBody streams what the server says.
type answerBody struct{ *http.Response }

func (b answerBody) Read(p []byte) (int, error) { return b.Body.Read(p) }
func (b answerBody) Close() error               { return b.Body.Close() }
func (b answerBody) Length() int64              { return b.ContentLength }
func (answerBody) Trailers() *message.Fields    { return nil }

func listed(names []string, name string) bool {
	for _, n := range names {
		if message.SameName(n, name) {
			return true
		}
	}
	return false
}

// clientTLS makes what speaks TLS to a server.
func clientTLS(t *rules.ClientTLS) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	c := &tls.Config{InsecureSkipVerify: t.InsecureSkipVerify} // the label's author asks for it
	if t.CA != "" {
		text, err := pemText(t.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("the authority is no PEM certificate")
		}
	}
	if t.Cert == "" && t.Key == "" {
		return c, nil
	}
	cert, err := pemText(t.Cert)
	if err != nil {
		return nil, err
	}
	key, err := pemText(t.Key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// pemText is a PEM text, or that of the file.
func pemText(fileOrText string) ([]byte, error) {
	if strings.Contains(fileOrText, "-----BEGIN") {
		return []byte(fileOrText), nil
	}
	return os.ReadFile(fileOrText)
}
