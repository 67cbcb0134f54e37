package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPack(t *testing.T) {
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) { packed(t, p.dense) })
	}
}

func packed(t *testing.T, dense bool) {
	t.Helper()
	binary := bytes.Repeat([]byte("the switcher "), 1000)
	first, err := pack(binary, dense)
	if err != nil {
		t.Fatal(err)
	}
	second, err := pack(slices.Clone(binary), dense)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same binary gave two different zips")
	}
	z, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != 1 {
		t.Fatalf("%d files in the zip, want one", len(z.File))
	}
	f := z.File[0]
	if f.Name != "bootstrap" || f.Mode() != 0o755 || !f.Modified.Equal(epoch) {
		t.Errorf("%s, mode %v, of %v; want bootstrap, -rwxr-xr-x, of %v", f.Name, f.Mode(), f.Modified, epoch)
	}
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(binary, got) {
		t.Errorf("%d bytes come out (%v), %d went in", len(got), err, len(binary))
	}
}

func TestSame(t *testing.T) {
	if err := same("a.zip", []byte("a"), []byte("a")); err != nil {
		t.Error(err)
	}
	if err := same("a.zip", []byte("a"), []byte("b")); err == nil || !strings.Contains(err.Error(), "a.zip: the sha256 is ca978112ca1b") {
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
