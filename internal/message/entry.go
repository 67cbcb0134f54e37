package message

import (
	"context"
	"log/slog"
)

// Entry is one message with its facts.
type Entry struct {
	Code   Code
	Reason string      // one sentence in this case's words
	Attrs  []slog.Attr // keys: node, epoch, phase, switch, instance, az, …
}

// New makes an entry.
func New(c Code, reason string, attrs ...slog.Attr) Entry {
	return Entry{Code: c, Reason: reason, Attrs: attrs}
}

// Log writes the entry with its catalogue text, level and code.
func Log(ctx context.Context, l *slog.Logger, e Entry, more ...slog.Attr) {
	d, ok := Find(e.Code)
	if !ok {
		d = Definition{Level: slog.LevelError, Text: "message without a definition"}
	}
	attrs := make([]slog.Attr, 0, len(e.Attrs)+len(more)+2)
	attrs = append(attrs, slog.String("code", string(e.Code)))
	if e.Reason != "" {
		attrs = append(attrs, slog.String("reason", e.Reason))
	}
	attrs = append(append(attrs, more...), e.Attrs...)
	l.LogAttrs(ctx, d.Level, d.Text, attrs...)
}
