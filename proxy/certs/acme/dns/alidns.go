package dns

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the service's own signature
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// An aliDNS is Alibaba Cloud's DNS, of whose API three calls are needed. Its own client library is of no use to us: it cannot be had
// from the module proxy. The environment variables are lego's.
type aliDNS struct {
	endpoint    string
	key, secret string
	token       string // of a temporary key; "": it is none
	client      *http.Client

	mu      sync.Mutex
	records map[string]string // ids, by name and value
}

func newAliDNS(getenv func(string) string, read func(string) ([]byte, error)) (*aliDNS, error) {
	get := func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		if file := getenv(name + "_FILE"); file != "" {
			text, err := read(file)
			if err == nil {
				return strings.TrimSpace(string(text))
			}
		}
		return ""
	}
	a := &aliDNS{
		endpoint: "https://alidns.aliyuncs.com/", key: get("ALICLOUD_ACCESS_KEY"), secret: get("ALICLOUD_SECRET_KEY"), token: get("ALICLOUD_SECURITY_TOKEN"),
		client: &http.Client{Timeout: 30 * time.Second}, records: map[string]string{},
	}
	if region := get("ALICLOUD_REGION_ID"); region != "" {
		a.endpoint = "https://alidns." + region + ".aliyuncs.com/"
	}
	if a.key == "" || a.secret == "" {
		return nil, errors.New("alidns: ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY are missing (or the same with _FILE)")
	}
	return a, nil
}

// Present implements provider.
func (a *aliDNS) Present(ctx context.Context, name, value string) error {
	var zone struct{ DomainName, RR string }
	if err := a.call(ctx, &zone, map[string]string{"Action": "GetMainDomainName", "InputString": name}); err != nil {
		return err
	}
	var made struct{ RecordId string } //nolint:revive // the service's spelling
	err := a.call(ctx, &made, map[string]string{
		"Action": "AddDomainRecord", "DomainName": zone.DomainName, "RR": zone.RR, "Type": "TXT", "Value": value, "TTL": "600",
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.records[name+" "+value] = made.RecordId
	}
	return err
}

// CleanUp implements provider.
func (a *aliDNS) CleanUp(ctx context.Context, name, value string) error {
	a.mu.Lock()
	id := a.records[name+" "+value]
	delete(a.records, name+" "+value)
	a.mu.Unlock()
	if id == "" {
		return nil
	}
	return a.call(ctx, new(struct{}), map[string]string{"Action": "DeleteDomainRecord", "RecordId": id})
}

func (a *aliDNS) call(ctx context.Context, into any, params map[string]string) error {
	all := map[string]string{
		"Format": "JSON", "Version": "2015-01-09", "AccessKeyId": a.key, "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0",
		"SignatureNonce": rand.Text(), "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05Z"),
	}
	if a.token != "" {
		all["SecurityToken"] = a.token
	}
	maps.Copy(all, params)
	query := canonical(all)
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, a.endpoint+"?"+query+"&Signature="+escaped(sign(query, a.secret)), nil)
	if err != nil {
		return err
	}
	answer, err := a.client.Do(ask)
	if err != nil {
		return fmt.Errorf("alidns: %s: %w", params["Action"], errors.Unwrap(err)) // without the address, in which the key stands
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		var said struct{ Code, Message string }
		_ = json.Unmarshal(text, &said) // what is no JSON says less
		return fmt.Errorf("alidns: %s: %s", params["Action"], cmp.Or(strings.TrimSpace(said.Code+" "+said.Message), answer.Status))
	}
	return json.Unmarshal(text, into)
}

// canonical is a query as it is signed: sorted, and escaped by RFC 3986.
func canonical(params map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		parts = append(parts, escaped(name)+"="+escaped(params[name]))
	}
	return strings.Join(parts, "&")
}

func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func sign(query, secret string) string {
	sum := hmac.New(sha1.New, []byte(secret+"&"))
	sum.Write([]byte("GET&%2F&" + escaped(query)))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}
