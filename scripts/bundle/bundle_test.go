package main

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPack(t *testing.T) { packed(t, fast) }

// TestPackDensely runs where the Python tools are: make test installs them first.
func TestPackDensely(t *testing.T) {
	t.Chdir("../..")
	if err := exec.Command(python(), "-c", "import zopfli").Run(); err != nil {
		t.Skipf("no zopfli (%v): run make tools", err)
	}
	packed(t, dense)
}

func packed(t *testing.T, by deflate) {
	t.Helper()
	binary := bytes.Repeat([]byte("the switcher "), 1000)
	first, err := pack(t.Context(), binary, by)
	if err != nil {
		t.Fatal(err)
	}
	second, err := pack(t.Context(), slices.Clone(binary), by)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same binary gave two different zips")
	}
	if got, err := unpack(first); err != nil || !bytes.Equal(binary, got) {
		t.Errorf("%d bytes come out (%v), %d went in", len(got), err, len(binary))
	}
}

func TestUnpackRefusesAnotherFile(t *testing.T) {
	for want, header := range map[string]zip.FileHeader{
		"the zip holds other": {Name: "other", Modified: epoch},
		"mode -rw":            {Name: name, Modified: epoch},
		"of 2026":             {Name: name, Modified: epoch.AddDate(46, 0, 0)},
	} {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		header.SetMode(mode)
		if strings.HasPrefix(want, "mode") {
			header.SetMode(0o644)
		}
		if _, err := w.CreateHeader(&header); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := unpack(out.Bytes()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestSame(t *testing.T) {
	if err := same("a.zip", []byte("a"), []byte("a")); err != nil {
		t.Error(err)
	}
	if err := same("a.zip", []byte("a"), []byte("b")); err == nil || !strings.Contains(err.Error(), "a.zip: the sha256 of its executable is ca978112ca1b") {
		t.Errorf("a changed zip gives the error %v", err)
	}
}

func TestProcessors(t *testing.T) {
	for only, want := range map[string]string{"": "arm64 x86_64", "arm64": "arm64", "x86_64": "x86_64"} {
		chosen, err := processors(only)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range chosen {
			names = append(names, p.name)
		}
		if diff := cmp.Diff(want, strings.Join(names, " ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", only, diff)
		}
	}
	if _, err := processors("amd64"); err == nil || !strings.Contains(err.Error(), `"amd64": allowed are arm64 and x86_64`) {
		t.Errorf("Go's name for the processor: %v", err)
	}
}

// TestSource: the hash changes with the switcher's source, and with nothing else.
func TestSource(t *testing.T) {
	copied := builder{root: t.TempDir(), processors: all}
	if err := copyTree(t.Context(), "../..", copied.root); err != nil {
		t.Fatal(err)
	}
	hash := func() string {
		t.Helper()
		sum, err := copied.source(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	change := func(name string) {
		t.Helper()
		f, err := os.OpenFile(copied.root+"/"+name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("\n// changed\n"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	before := hash()
	for _, other := range []string{"constructs/recovery/doc.go", "internal/decide/decision_test.go", "README.md"} {
		change(other)
	}
	if again := hash(); again != before {
		t.Errorf("%s became %s by files that the switcher is not compiled of", before, again)
	}
	change("internal/contract/contract.go")
	if hash() == before {
		t.Errorf("still %s after a change of internal/contract", before)
	}
}

// TestMakefile: `make build` and a release build with the same flags.
func TestMakefile(t *testing.T) {
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`-tags ` + tags, `-ldflags "` + ldflags + `"`, "GOFLAGS := -trimpath -buildvcs=false"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Makefile does not say %s", want)
		}
	}
}
