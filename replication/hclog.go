package replication

import (
	"context"
	"io"
	"log"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLogger gives raft's warnings and errors to a slog.Logger and drops the rest. The embedded logger, which drops
// everything, stands in for the methods that raft does not use.
type raftLogger struct {
	hclog.Logger
	out *slog.Logger
}

func newRaftLogger(out *slog.Logger, group uint32) hclog.Logger {
	return raftLogger{hclog.NewNullLogger(), out.With("group", group)}
}

func (l raftLogger) Warn(msg string, args ...any)  { l.put(slog.LevelWarn, msg, args) }
func (l raftLogger) Error(msg string, args ...any) { l.put(slog.LevelError, msg, args) }

func (l raftLogger) Log(level hclog.Level, msg string, args ...any) {
	switch level {
	case hclog.Warn:
		l.Warn(msg, args...)
	case hclog.Error:
		l.Error(msg, args...)
	}
}

func (l raftLogger) put(level slog.Level, msg string, args []any) {
	l.out.Log(context.Background(), level, "raft: "+msg, args...)
}

func (l raftLogger) IsWarn() bool              { return true }
func (l raftLogger) IsError() bool             { return true }
func (l raftLogger) GetLevel() hclog.Level     { return hclog.Warn }
func (l raftLogger) Named(string) hclog.Logger { return l }

func (l raftLogger) With(args ...any) hclog.Logger {
	return raftLogger{l.Logger, l.out.With(args...)}
}

func (l raftLogger) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(l.out.Handler(), slog.LevelWarn)
}

func (l raftLogger) StandardWriter(*hclog.StandardLoggerOptions) io.Writer { return io.Discard }
