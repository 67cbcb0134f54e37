package bundle_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// folder is a release's folder, with a manifest that names the zip by this sum.
func folder(t *testing.T, sum string) fstest.MapFS {
	t.Helper()
	text, err := json.Marshal(bundle.Manifest{Version: "1.2.3", Zips: map[string]bundle.Zip{
		"arm64": {File: "a.zip", SHA256: sum, Size: 3},
		"lost":  {File: "lost.zip", SHA256: sum, Size: 3},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{bundle.ManifestFile: {Data: text}, "a.zip": {Data: []byte("abc")}}
}

// abc is the sha256 of "abc", from FIPS 180-4's examples.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestZip(t *testing.T) {
	for _, test := range []struct{ name, processor, sum, want, fault string }{
		{name: "as released", processor: "arm64", sum: abc, want: "abc"},
		{name: "another processor", processor: "riscv", sum: abc, fault: "release 1.2.3 carries no switcher for the processor riscv, only for arm64, lost"},
		{name: "changed since", processor: "arm64", sum: strings.Repeat("0", 64), fault: "a.zip of release 1.2.3 has the sha256 " + abc},
		{name: "a file is gone", processor: "lost", sum: abc, fault: "release 1.2.3 is incomplete"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := bundle.Read(folder(t, test.sum))
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.Zip(test.processor)
			if test.fault != "" {
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Fatalf("error %v, want one that says %q", err, test.fault)
				}
				return
			}
			if diff := cmp.Diff(test.want, string(got)); err != nil || diff != "" {
				t.Errorf("error %v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestRead(t *testing.T) {
	if _, err := bundle.Read(fstest.MapFS{"README.md": {}}); !errors.Is(err, bundle.ErrNone) {
		t.Errorf("without a manifest: %v, want ErrNone", err)
	}
	if _, err := bundle.Read(fstest.MapFS{bundle.ManifestFile: {Data: []byte("no JSON")}}); err == nil || errors.Is(err, bundle.ErrNone) {
		t.Errorf("with a broken manifest: %v, want an error of its own", err)
	}
}

// TestReleased: a commit is either no release, or one whose zips are all whole.
func TestReleased(t *testing.T) {
	b, err := bundle.Released()
	if errors.Is(err, bundle.ErrNone) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, processor := range []string{"arm64", "x86_64"} {
		data, err := b.Zip(processor)
		if err != nil {
			t.Error(err)
		} else if len(data) != b.Zips[processor].Size {
			t.Errorf("%s: %d bytes, the manifest says %d", processor, len(data), b.Zips[processor].Size)
		}
	}
}
