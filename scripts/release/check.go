package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/workload-recovery/workload-recovery/internal/bundle"
)

// builtFolder is what a release's commit adds to.
const builtFolder = bundle.Folder

var plain = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// check finds everything that speaks against the release, and says all of it.
func (r release) check(ctx context.Context) error {
	if !plain.MatchString(r.version) || !semver.IsValid(r.tag()) {
		return fmt.Errorf("the version is %q: give three numbers as Semantic Versioning has them, without a v: make release VERSION=0.1.0", r.version)
	}
	if semver.Major(r.tag()) != "v0" && semver.Major(r.tag()) != "v1" {
		return fmt.Errorf("version %s needs the module path to end in /%s (https://go.dev/ref/mod#major-version-suffixes): change go.mod and all imports first", r.version, semver.Major(r.tag()))
	}
	tags, err := r.git(ctx, r.root, "tag", "--list", "v*")
	if err != nil {
		return err
	}
	dirty, err := r.git(ctx, r.root, "status", "--porcelain")
	if err != nil {
		return err
	}
	var faults []error
	if dirty != "" {
		faults = append(faults, fmt.Errorf("the work tree has changes that are not committed: commit or remove them\n%s", dirty))
	}
	faults = append(faults, free(r.tag(), strings.Fields(tags)))
	for _, page := range []struct {
		name  string
		check func(text, version string) error
	}{
		{"CHANGELOG.md", changelog},
		{"docs/upgrading.md", upgrading},
		{"test/template/testdata/logical-ids.txt", logicalIDs},
	} {
		text, err := os.ReadFile(filepath.Join(r.root, page.name))
		if err == nil {
			err = page.check(string(text), r.version)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", page.name, err))
		}
	}
	return errors.Join(faults...)
}

// free wants a version that is newer than all of its kind.
func free(tag string, tags []string) error {
	for _, t := range tags {
		if t == tag {
			return fmt.Errorf("%s was released already: a version is never made twice, since module proxies keep the first; take the next", tag)
		}
		if semver.MajorMinor(t) == semver.MajorMinor(tag) && semver.Compare(t, tag) > 0 {
			return fmt.Errorf("%s is older than %s, which was released: take the next", tag, t)
		}
	}
	return nil
}

// section is the text below a heading of level two, up to the next.
func section(text, heading string) (string, bool) {
	_, after, found := strings.Cut("\n"+text, "\n## "+heading)
	if !found {
		return "", false
	}
	_, after, _ = strings.Cut(after, "\n")
	body, _, _ := strings.Cut("\n"+after, "\n## ")
	return strings.TrimSpace(body), true
}

// changelog wants a dated section that says something, and nothing left above it.
func changelog(text, version string) error {
	heading := regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(version) + `\] - \d{4}-\d{2}-\d{2}$`)
	if !heading.MatchString(text) {
		return fmt.Errorf(`there is no heading "## [%s] - <year-month-day>": move what is under [Unreleased] below one`, version)
	}
	if body, _ := section(text, "["+version+"]"); body == "" {
		return fmt.Errorf("the section of %s says nothing", version)
	}
	if body, _ := section(text, "[Unreleased]"); body != "" {
		return fmt.Errorf("something is still under [Unreleased]: it is part of %s too; move it there", version)
	}
	return nil
}

// upgrading wants a section for the version: what to do, even if that is nothing.
func upgrading(text, version string) error {
	if body, found := section(text, version); !found || body == "" {
		return fmt.Errorf(`there is no section "## %s": say what who upgrades has to do, or that it is nothing`, version)
	}
	return nil
}

// logicalIDs wants the list of the very version: its ids are what the next release
// is compared with.
func logicalIDs(text, version string) error {
	first, _, _ := strings.Cut(text, "\n")
	if want := "# " + version; first != want {
		return fmt.Errorf("its first line is %q, want %q: write it with `make logical-ids VERSION=%s`", first, want, version)
	}
	return nil
}
