// Package bundle is the built switcher as a release carries it, so that who
// imports the constructs compiles no AWS SDK and runs no compiler at synthesis.
//
// The zips are in release commits only, made by `make release` and rebuilt bit for
// bit by `make verify-bundle`. In every other commit the folder built holds a page
// of text, and Released returns ErrNone.
package bundle

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// ManifestFile is the name of the manifest beside the zips.
const ManifestFile = "manifest.json"

// Folder is where the zips are, from the module's root.
const Folder = "internal/bundle/built"

// ErrNone says that this commit is no release.
var ErrNone = errors.New("this version of the library carries no built switcher, as only releases do")

// Manifest says what the zips are and what they were made of.
type Manifest struct {
	// Version is the release, without a leading v.
	Version string `json:"version"`
	// Revision is the commit whose source was built: the release commit's parent.
	Revision string `json:"revision"`
	// Source is the hash of all files of this module that the switcher is compiled
	// of, with go.mod and go.sum, in the form of go.sum ("h1:…").
	Source string `json:"source"`
	// Toolchain is the Go that compiled it.
	Toolchain string `json:"toolchain"`
	// Zips are the zips by processor, as AWS CDK names it: arm64, x86_64.
	Zips map[string]Zip `json:"zips"`
}

// Zip is one built switcher: a zip with nothing but an executable "bootstrap".
type Zip struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"` // of the zip, in hexadecimal
	Size   int    `json:"size"`   // of the zip, in bytes
}

// Bundle is a manifest with the files that it names.
type Bundle struct {
	Manifest
	files fs.FS
}

//go:embed built
var built embed.FS

// Released is the bundle of this release, or ErrNone.
func Released() (Bundle, error) {
	files, err := fs.Sub(built, "built")
	if err != nil {
		return Bundle{}, fmt.Errorf("bundle: %w", err)
	}
	return Read(files)
}

// Read reads a folder's manifest. A folder without one is ErrNone.
func Read(files fs.FS) (Bundle, error) {
	text, err := fs.ReadFile(files, ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Bundle{}, ErrNone
	} else if err != nil {
		return Bundle{}, fmt.Errorf("bundle: %w", err)
	}
	b := Bundle{files: files}
	if err := json.Unmarshal(text, &b.Manifest); err != nil {
		return Bundle{}, fmt.Errorf("bundle: %s is not as `make release` writes it: %w", ManifestFile, err)
	}
	return b, nil
}

// Zip is the zip for the processor, checked against the manifest.
func (b Bundle) Zip(processor string) ([]byte, error) {
	z, ok := b.Zips[processor]
	if !ok {
		return nil, fmt.Errorf("bundle: release %s carries no switcher for the processor %s, only for %s",
			b.Version, processor, strings.Join(slices.Sorted(maps.Keys(b.Zips)), ", "))
	}
	data, err := fs.ReadFile(b.files, z.File)
	if err != nil {
		return nil, fmt.Errorf("bundle: release %s is incomplete: %w", b.Version, err)
	}
	if sum := Sum(data); sum != z.SHA256 {
		return nil, fmt.Errorf("bundle: %s of release %s has the sha256 %s, but %s says %s: the library was changed after its release; fetch it again",
			z.File, b.Version, sum, ManifestFile, z.SHA256)
	}
	return data, nil
}

// Sum is the sha256 of data, in hexadecimal.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
