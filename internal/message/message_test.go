package message_test

import (
	"bytes"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/message"
)

func TestCatalogueIsComplete(t *testing.T) {
	source, err := os.ReadFile("catalogue.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`Code = "(WR\d{3})"`).FindAllSubmatch(source, -1)
	if len(declared) < 30 {
		t.Fatalf("found %d codes in catalogue.go", len(declared))
	}
	seen := map[message.Code]bool{}
	for _, d := range message.Catalogue {
		if seen[d.Code] {
			t.Errorf("%s is defined twice", d.Code)
		}
		seen[d.Code] = true
		for name, text := range map[string]string{"text": d.Text, "cause": d.Cause, "action": d.Action} {
			if text == "" || strings.Contains(text, "|") || strings.Contains(text, "\n") {
				t.Errorf("%s: %s %q must be one line without a bar", d.Code, name, text)
			}
		}
	}
	for _, m := range declared {
		if !seen[message.Code(m[1])] {
			t.Errorf("%s has no definition", m[1])
		}
	}
}

func TestPageIsCurrent(t *testing.T) {
	page, err := os.ReadFile("../../docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), message.Page()); diff != "" {
		t.Errorf("docs/messages.md is out of date; run go generate ./internal/message:\n%s", diff)
	}
}

func TestLogCarriesCodeLevelAndReason(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	message.Log(t.Context(), log, message.New(message.FenceOverdue, "i-1 is stopping", slog.Int("node", 7)))
	for _, want := range []string{`"level":"ERROR"`, `"code":"WR301"`, `"reason":"i-1 is stopping"`, `"node":7`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s lacks %s", b.String(), want)
		}
	}
}
