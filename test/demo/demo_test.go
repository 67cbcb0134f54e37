package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/workload-recovery/workload-recovery/test/emulator/world"
)

func TestMissingBinaryIsNamed(t *testing.T) {
	err := run(t.Context(), []string{"--bootstrap", "no/such/file"}, devNull(t))
	if err == nil || !strings.Contains(err.Error(), "no/such/file") {
		t.Errorf("error %v, wanted one that names the file", err)
	}
}

func TestWrongFlagsSayWhatIsAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"argument":     {[]string{"now"}, "allowed are the flags"},
		"unknown flag": {[]string{"--faster"}, "-faster"},
	} {
		_, err := parse(c.args)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, wanted one with %q", name, err, c.want)
		}
	}
}

// TestStory plays the whole story, without capacity in the zone that would be next.
func TestStory(t *testing.T) {
	root, err := world.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bootstrap, err := world.BuildBootstrap(t.Context(), root, dir)
	if err != nil {
		t.Fatal(err)
	}
	apps := filepath.Join(dir, "apps")
	if _, err := world.Apps(t.Context(), root, apps); err != nil {
		t.Fatal(err)
	}
	play := func(zone string) (string, error) {
		out, err := os.CreateTemp(dir, "out")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		ended := run(t.Context(), []string{"--apps", apps, "--settings", "--bootstrap", bootstrap, "--no-capacity", zone}, out)
		if _, err := out.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), ended
	}
	text, err := play(region + "c")
	if err != nil {
		t.Errorf("%v; it said:\n%s", err, text)
	}
	for _, want := range []string{
		"All 48 promises were kept.", "-> " + region + "d", "InsufficientInstanceCapacity", "switch completed", "Subject: ", "= the same", "WR110", "WR150",
		"ConsumersHash", "LaunchTemplateVersion 1 -> 2", "t4g.medium", "7. deleted", "nobody",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the story lacks %q:\n%s", want, text)
		}
	}
	if !strings.Contains(told(text), excerpt(t, root)) {
		t.Errorf("README.md shows another end of the story:\n%s\nwanted\n%s", excerpt(t, root), told(text))
	}
	if strings.Contains(text, "FAIL") || strings.Contains(text, "\x1b") {
		t.Errorf("the story holds FAIL, or colours although it goes to a file:\n%s", text)
	}
	if _, err := play("us-east-1a"); err == nil || !strings.Contains(err.Error(), "allowed are the zones that the nodes can move to, "+region+"c and "+region+"d") {
		t.Errorf("a zone of another Region: error %v, wanted the allowed zones", err)
	}
}

// excerpt is the end of the story as the README shows it.
func excerpt(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, from, _ := strings.Cut(string(text), "```\nWHO CARRIED")
	table, _, found := strings.Cut(from, "```")
	if !found {
		t.Fatal("README.md has no table WHO CARRIED")
	}
	return told("WHO CARRIED" + table)
}

// told is a text without what differs from story to story: ids, columns' widths, and
// the zone that this one lets the nodes move to.
func told(text string) string {
	text = regexp.MustCompile(`i-[0-9a-f]{17}`).ReplaceAllString(text, "i-…")
	text = strings.ReplaceAll(text, region+"d", region+"c")
	return strings.Join(strings.Fields(text), " ")
}

func devNull(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}
