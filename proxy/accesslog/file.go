package accesslog

import (
	"os"
	"path/filepath"
	"sync"
)

// A File is a log file that another program may move away: Reopen then begins a new one under the old name.
type File struct {
	path string
	mu   sync.Mutex
	file *os.File
}

// OpenFile opens a file to add to, and makes it and its folder where they are missing; "" is standard output.
func OpenFile(path string) (*File, error) {
	if path == "" {
		return &File{file: os.Stdout}, nil
	}
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	return &File{path: path, file: file}, nil
}

func open(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o640)
}

// Write implements io.Writer.
func (f *File) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Write(b)
}

// Sync implements zapcore.WriteSyncer.
func (f *File) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Sync()
}

// Reopen opens the file by its name again. If that fails, the old one stays in use.
func (f *File) Reopen() error {
	if f.path == "" {
		return nil
	}
	next, err := open(f.path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	old := f.file
	f.file = next
	f.mu.Unlock()
	return old.Close()
}

// Close closes the file; standard output stays.
func (f *File) Close() error {
	if f.path == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
