package acme

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"
)

// An acmeJSON is what Traefik keeps in its storage file: 1.x at the top, later versions once for each resolver. Names of fields
// differ in case alone.
type acmeJSON struct {
	Certificates []struct {
		Domain struct {
			Main string
			SANs []string
		}
		Certificate, Key []byte // PEM, in base64
	}
}

// Import puts the certificates of a Traefik's acme.json into the storage, but for those that are there already or whose time is
// over. The account stays behind: another one costs nothing.
func (m *Manager) Import(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return nil // a new volume, or one that Traefik has just begun to use
	}
	if err != nil {
		return err
	}
	found, err := readTraefik(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range found {
		if err := m.importOne(ctx, s); err != nil {
			return fmt.Errorf("%s: certificate of %s: %w", path, s.Names[0], err)
		}
	}
	return nil
}

func readTraefik(text []byte) (all []stored, err error) {
	var top acmeJSON
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, err
	}
	files := map[string]acmeJSON{}
	if top.Certificates == nil {
		if err := json.Unmarshal(text, &files); err != nil {
			return nil, err
		}
	}
	files[""] = top
	for _, file := range files {
		for _, c := range file.Certificates {
			if c.Domain.Main != "" {
				all = append(all, stored{Names: append([]string{c.Domain.Main}, c.Domain.SANs...), Certificate: string(c.Certificate), Key: string(c.Key)})
			}
		}
	}
	return all, nil
}

func (m *Manager) importOne(ctx context.Context, s stored) error {
	pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.Key))
	if err != nil {
		m.options.Log.Warn("a certificate in acme.json cannot be used", zap.Strings("names", s.Names), zap.Error(err))
		return nil
	}
	key := m.certificates() + "/" + keyOf(s.Names)
	_, err = m.options.Storage.Load(ctx, key)
	if err == nil || time.Now().After(pair.Leaf.NotAfter) {
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	m.options.Log.Info("a certificate of Traefik's is taken over", zap.Strings("names", s.Names), zap.Time("until", pair.Leaf.NotAfter))
	return m.options.Storage.Store(ctx, key, s.bytes())
}
