package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	shown  = regexp.MustCompile(`(?s)(<!-- screens: begin -->\n).*?(<!-- screens: end -->\n)`)
	screen = regexp.MustCompile("(?s)```console\n\\$ recoveryctl (\\w+).*?\n```\n")
)

// The README shows the screens that a session in the emulator gave (make screens).
func TestReadmeShowsTheScreens(t *testing.T) {
	var blocks strings.Builder
	want := map[string]bool{"status": true, "watch": true, "history": true, "doctor": true}
	for _, m := range screen.FindAllStringSubmatch(read(t, "docs/cli/screens.md"), -1) {
		if want[m[1]] {
			delete(want, m[1])
			blocks.WriteString("\n" + m[0])
		}
	}
	for name := range want {
		t.Errorf("docs/cli/screens.md has no screen of %s", name)
	}
	text := read(t, "README.md")
	now := shown.ReplaceAllLiteralString(text, "<!-- screens: begin -->\n"+blocks.String()+"\n<!-- screens: end -->\n")
	if now == text {
		return
	}
	if !*update {
		t.Error("README.md does not show the screens of docs/cli/screens.md: write them with go test ./test/docs -run TestReadmeShowsTheScreens -update")
	} else if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(now), 0o600); err != nil {
		t.Error(err)
	}
}
