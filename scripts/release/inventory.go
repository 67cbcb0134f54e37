package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The bill of materials is CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json),
// without time and serial number: the same source gives the same bytes.
type (
	bom struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		Hashes     []digest   `json:"hashes,omitempty"`
		Licences   []licence  `json:"licenses"`
		PackageURL string     `json:"purl"`
		Properties []property `json:"properties,omitempty"`
	}
	digest struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licence struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

const library = "github.com/workload-recovery/workload-recovery"

// newComponent is a Go module as a component.
func newComponent(path, version, id string) component {
	c := component{Type: "library", Name: path, Version: version, PackageURL: "pkg:golang/" + path + "@" + version}
	c.Ref = c.PackageURL
	c.Licences = make([]licence, 1)
	c.Licences[0].Licence.ID = id
	return c
}

// bill is the bill of materials of a release.
func bill(version, revision string, list []used) (bom, error) {
	b := bom{Format: "CycloneDX", Spec: "1.6", Version: 1}
	b.Metadata.Component = newComponent(library, "v"+version, "Apache-2.0")
	b.Metadata.Component.Properties = []property{{"revision", revision}}
	for _, u := range list {
		c := newComponent(u.path, u.version, u.licence)
		// What go.sum keeps is the SHA-256 of a list of the module's files and their
		// SHA-256 (https://go.dev/ref/mod#go-sum-files).
		if text, is := strings.CutPrefix(u.sum, "h1:"); is {
			sum, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return b, fmt.Errorf("%s: the sum of go.sum: %w", u.path, err)
			}
			c.Hashes = []digest{{"SHA-256", hex.EncodeToString(sum)}}
		}
		for _, part := range u.parts {
			c.Properties = append(c.Properties, property{"part", part})
		}
		b.Components = append(b.Components, c)
	}
	return b, nil
}

// licences is a table of all modules, and each text once.
func licences(list []used) string {
	var b strings.Builder
	fmt.Fprint(&b, "Modules that this release is compiled of, their licences, and the licences' texts.\n\n")
	var texts []string
	by := map[string][]string{}
	for _, u := range list {
		fmt.Fprintf(&b, "%-14s %s %s (%s)\n", u.licence, u.path, u.version, strings.Join(u.parts, ", "))
		for _, text := range u.texts {
			if by[text] == nil {
				texts = append(texts, text)
			}
			if !slices.Contains(by[text], u.path) {
				by[text] = append(by[text], u.path)
			}
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(by[text], "\n"), text)
	}
	return b.String()
}

// writeInventory writes both.
func writeInventory(dir, version, revision string, list []used) error {
	b, err := bill(version, revision, list)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "sbom.cdx.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "licences.txt"), []byte(licences(list)), 0o644)
}
