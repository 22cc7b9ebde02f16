package swarm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/client"
)

// TLSOptions say how to speak TLS with a daemon at a tcp:// endpoint. CA, Cert and Key are each a path or the PEM text itself.
type TLSOptions struct {
	CA   string
	Cert string
	Key  string
	// CAOptional is Traefik's word. It weakens what a server asks of its clients; as we are the client here, it changes nothing.
	CAOptional         bool
	InsecureSkipVerify bool
}

// DefaultEndpoint is where the daemon of the same machine listens.
const DefaultEndpoint = "unix:///var/run/docker.sock"

// An endpoint is where the daemon is and how to speak with it.
type endpoint struct {
	url string
	tls *tls.Config // nil: plain
}

func newEndpoint(url string, options *TLSOptions) (endpoint, error) {
	if url == "" {
		url = os.Getenv(client.EnvOverrideHost)
	}
	if url == "" {
		url = DefaultEndpoint
	}
	proto, _, found := strings.Cut(url, "://")
	if !found || proto != "unix" && proto != "tcp" && proto != "http" && proto != "https" {
		return endpoint{}, &Problem{Code: BadEndpoint, Message: "the docker endpoint " + url + " is not one we can use",
			Hint: "write unix:///path/to/docker.sock or tcp://host:port"}
	}
	if proto == "unix" {
		return endpoint{url: url}, nil
	}
	if options == nil {
		options = tlsFromEnvironment(proto)
	}
	config, err := options.config()
	if err != nil {
		return endpoint{}, &Problem{BadEndpoint, "the TLS files for the docker endpoint " + url + " cannot be used: " + err.Error(),
			"check --docker.tls.ca, --docker.tls.cert and --docker.tls.key, or DOCKER_CERT_PATH", err}
	}
	return endpoint{url: url, tls: config}, nil
}

// tlsFromEnvironment reads the variables as the docker command does: with a certificate path but no DOCKER_TLS_VERIFY, the daemon's
// certificate is taken on trust.
func tlsFromEnvironment(proto string) *TLSOptions {
	folder := os.Getenv(client.EnvOverrideCertPath)
	if folder == "" && proto == "https" {
		return &TLSOptions{}
	}
	if folder == "" {
		return nil
	}
	return &TLSOptions{
		CA:                 filepath.Join(folder, "ca.pem"),
		Cert:               filepath.Join(folder, "cert.pem"),
		Key:                filepath.Join(folder, "key.pem"),
		InsecureSkipVerify: os.Getenv(client.EnvTLSVerify) == "",
	}
}

func (o *TLSOptions) config() (*tls.Config, error) {
	if o == nil {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.InsecureSkipVerify}
	if o.CA != "" {
		ca, err := pem(o.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("no certificate in the CA file")
		}
	}
	if o.Cert == "" && o.Key == "" {
		return config, nil
	}
	pair, err := keyPair(o.Cert, o.Key)
	config.Certificates = []tls.Certificate{pair}
	return config, err
}

func keyPair(cert, key string) (tls.Certificate, error) {
	if cert == "" || key == "" {
		return tls.Certificate{}, errors.New("a certificate and its key come together, and one is missing")
	}
	certPEM, err := pem(cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyPEM, err := pem(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

func pem(pathOrText string) ([]byte, error) {
	if strings.Contains(pathOrText, "-----BEGIN") {
		return []byte(pathOrText), nil
	}
	return os.ReadFile(pathOrText)
}

// connect makes a docker client. Nothing is said to the daemon yet.
func (e endpoint) connect() (*client.Client, error) {
	api, err := client.NewClientWithOpts(
		client.WithHTTPClient(&http.Client{Transport: e.transport(), CheckRedirect: client.CheckRedirect}),
		client.WithHost(e.url),
		client.WithDialContext(e.dial), // after WithHost, which sets one of its own
		client.WithAPIVersionNegotiation(),
	)
	if err != nil {
		return nil, &Problem{BadEndpoint, "the docker endpoint " + e.url + " is not one we can use: " + err.Error(),
			"write unix:///path/to/docker.sock or tcp://host:port", err}
	}
	return api, nil
}

// transport lets idle connections go by themselves: a session that is forgotten in the middle of another goroutine's question
// gets a new one after it was closed. The time is longer than a calm loop's between looks.
func (e endpoint) transport() *http.Transport {
	return &http.Transport{TLSClientConfig: e.tls, IdleConnTimeout: 90 * time.Second}
}

// dial replaces the docker client's dialer because that client throws the reason of a failed dial away, and the reason is what the
// operator needs.
func (e endpoint) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if path, unix := strings.CutPrefix(e.url, "unix://"); unix {
		network, addr = "unix", path
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, e.undialled(err)
	}
	return conn, nil
}

func (e endpoint) undialled(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return &Problem{NoSocket, "there is no docker socket at " + e.url,
			"start the docker daemon, or mount the socket into the container: -v /var/run/docker.sock:/var/run/docker.sock", err}
	case errors.Is(err, fs.ErrPermission):
		return &Problem{NoPermission, "we may not use the docker socket at " + e.url,
			"run Appia as root or as a member of the socket's group (--group-add)", err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Problem{NoDaemon, "no docker daemon listens at " + e.url, "start it, or correct --docker.endpoint", err}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Problem{NoAnswer, "the docker daemon at " + e.url + " cannot be reached in time", "check the address and what filters the way to it", err}
	}
	return &Problem{NoDaemon, "the docker daemon at " + e.url + " cannot be reached: " + innermost(err), "check --docker.endpoint or DOCKER_HOST", err}
}
