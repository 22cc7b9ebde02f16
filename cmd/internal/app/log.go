package app

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/appia-edge/appia/cmd/internal/config"
	"github.com/appia-edge/appia/proxy/accesslog"
)

// A Log is the router's own log with the file that it goes to.
type Log struct {
	*zap.Logger
	file *accesslog.File
}

// NewLog writes one line an event, for people to read or as JSON, to a file or standard output.
func NewLog(c *config.Config) (*Log, error) {
	file, err := accesslog.OpenFile(c.LogPath)
	if err != nil {
		return nil, err
	}
	return &Log{zap.New(zapcore.NewCore(encoder(c.LogJSON), file, c.LogLevel)), file}, nil
}

func encoder(json bool) zapcore.Encoder {
	e := zap.NewProductionEncoderConfig()
	e.EncodeTime = zapcore.RFC3339TimeEncoder
	e.EncodeDuration = zapcore.StringDurationEncoder
	if json {
		e.TimeKey = "time" // as those who read 1.x's logs look for
		return zapcore.NewJSONEncoder(e)
	}
	e.EncodeLevel = zapcore.CapitalLevelEncoder
	e.ConsoleSeparator = " "
	return zapcore.NewConsoleEncoder(e)
}

// Close writes what is held back.
func (l *Log) Close() {
	_ = l.Sync() // standard output may be unable to
	_ = l.file.Close()
}

// ReopenOn opens the log files of both logs anew at each SIGUSR1, for whoever has moved them away, until ctx ends.
func (l *Log) ReopenOn(ctx context.Context, a *App) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				if err := errors.Join(l.file.Reopen(), a.Reopen()); err != nil {
					l.Error("a log file cannot be opened anew; the old one stays in use", zap.Error(err))
				}
			}
		}
	}()
}

// openAccessLog opens it, if there is to be one.
func (a *App) openAccessLog() (err error) {
	o := a.config.AccessLog
	if o == nil {
		return nil
	}
	options := *o
	options.Failed = func(err error) { a.log.Error("lines of the access log are lost", zap.Error(err)) }
	a.access, err = accesslog.Open(options)
	return err
}

// Reopen opens the access log's file anew.
func (a *App) Reopen() error {
	if a.access == nil {
		return nil
	}
	return a.access.Reopen()
}
