package acme

import (
	"context"
	"time"

	"github.com/caddyserver/certmagic"
)

// A Storage keeps what routers share, by keys that are paths with slashes. What is not there is an fs.ErrNotExist; any other error
// means that nobody knows.
type Storage interface {
	Store(ctx context.Context, key string, value []byte) error
	Load(ctx context.Context, key string) ([]byte, error)
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, path string, recursive bool) ([]string, error)
	Modified(ctx context.Context, key string) (time.Time, error) // zero: it is only the beginning of other keys
	Lock(ctx context.Context, name string) error
	Unlock(ctx context.Context, name string) error
	Lost(name string) <-chan struct{} // closed when a lock is not ours any more before it is released; nil: that cannot be known
	// Changed is closed when something has changed since; nil: nobody tells.
	Changed() <-chan struct{}
}

// adapter is a storage as certmagic asks it.
type adapter struct{ Storage }

func (a adapter) Exists(ctx context.Context, key string) bool {
	_, err := a.Storage.Modified(ctx, key)
	return err == nil
}

func (a adapter) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	modified, err := a.Storage.Modified(ctx, key)
	return certmagic.KeyInfo{Key: key, Modified: modified, IsTerminal: !modified.IsZero()}, err
}

// Folder is a storage in files, for one router, or for several with a volume that they share.
type Folder struct{ files *certmagic.FileStorage }

// NewFolder is the storage in a directory, which need not exist yet.
func NewFolder(path string) Folder { return Folder{&certmagic.FileStorage{Path: path}} }

// Store implements Storage.
func (f Folder) Store(ctx context.Context, key string, value []byte) error {
	return f.files.Store(ctx, key, value)
}

// Load implements Storage.
func (f Folder) Load(ctx context.Context, key string) ([]byte, error) { return f.files.Load(ctx, key) }

// Delete implements Storage.
func (f Folder) Delete(ctx context.Context, key string) error { return f.files.Delete(ctx, key) }

// List implements Storage.
func (f Folder) List(ctx context.Context, path string, recursive bool) ([]string, error) {
	return f.files.List(ctx, path, recursive)
}

// Modified implements Storage.
func (f Folder) Modified(ctx context.Context, key string) (time.Time, error) {
	info, err := f.files.Stat(ctx, key)
	if err != nil || !info.IsTerminal {
		return time.Time{}, err
	}
	return info.Modified, nil
}

// Lock implements Storage.
func (f Folder) Lock(ctx context.Context, name string) error { return f.files.Lock(ctx, name) }

// Unlock implements Storage.
func (f Folder) Unlock(ctx context.Context, name string) error { return f.files.Unlock(ctx, name) }

// Lost implements Storage.
func (f Folder) Lost(string) <-chan struct{} { return nil }

// Changed implements Storage: files tell nobody.
func (f Folder) Changed() <-chan struct{} { return nil }
