package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ready is a repository from which 1.2.3 can be released.
var ready = map[string]string{
	"CHANGELOG.md":                           "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-21\n\n- Something.\n\n## [1.2.2] - 2026-01-01\n\n- Older.\n",
	"docs/upgrading.md":                      "# Upgrading\n\n## 1.2.3\n\nNothing to do.\n",
	"test/template/testdata/logical-ids.txt": "# 1.2.3\nStack Id Type\n",
	builtFolder + "/README.md":               "nothing\n",
	".gitignore":                             "/dist/\n*.zip\n",
}

// repository is a release of a new repository, with some files changed.
func repository(t *testing.T, version string, changed map[string]string) release {
	t.Helper()
	for key, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com",
		"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.com",
	} {
		t.Setenv(key, value)
	}
	r := release{version: version, root: t.TempDir(), out: "dist/release", log: t.Output()}
	r.build = func(_ context.Context, checkout, out, version, revision string) error {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(checkout, builtFolder, "switcher.zip"), []byte(version+" of "+revision), 0o644)
	}
	for _, files := range []map[string]string{ready, changed} {
		for name, text := range files {
			file := filepath.Join(r.root, name)
			must(t, os.MkdirAll(filepath.Dir(file), 0o755))
			must(t, os.WriteFile(file, []byte(text), 0o644))
		}
	}
	r.must(t, "init", "--quiet", "--initial-branch=main")
	r.must(t, "add", ".")
	r.must(t, "commit", "--quiet", "-m", "all")
	return r
}

func (r release) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := r.git(t.Context(), r.root, args...)
	must(t, err)
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name, version string
		changed       map[string]string
		tag           string
		dirty         bool
		fault         string
	}{
		{name: "ready", version: "1.2.3"},
		{name: "no version", fault: "make release VERSION=0.1.0"},
		{name: "a leading v", version: "v1.2.3", fault: `the version is "v1.2.3"`},
		{name: "another major version", version: "2.0.0", fault: "module path to end in /v2"},
		{name: "changes", version: "1.2.3", dirty: true, fault: "not committed"},
		{name: "released", version: "1.2.3", tag: "v1.2.3", fault: "v1.2.3 was released already"},
		{name: "older", version: "1.2.3", tag: "v1.2.4", fault: "v1.2.3 is older than v1.2.4"},
		{name: "an older line goes on", version: "1.2.3", tag: "v1.3.0"},
		{
			name: "not in the changelog", version: "1.2.3",
			changed: map[string]string{"CHANGELOG.md": "## [Unreleased]\n\n- Something.\n"}, fault: `no heading "## [1.2.3] - <year-month-day>"`,
		},
		{
			name: "an empty section", version: "1.2.3",
			changed: map[string]string{"CHANGELOG.md": "## [1.2.3] - 2026-11-21\n\n## [1.2.2] - 2026-01-01\n\n- Older.\n"}, fault: "the section of 1.2.3 says nothing",
		},
		{
			name: "something unreleased", version: "1.2.3",
			changed: map[string]string{"CHANGELOG.md": "## [Unreleased]\n\n- More.\n\n## [1.2.3] - 2026-11-21\n\n- Something.\n"}, fault: "still under [Unreleased]",
		},
		{
			name: "nothing for who upgrades", version: "1.2.3",
			changed: map[string]string{"docs/upgrading.md": "## 1.2.2\n\nNothing.\n"}, fault: `docs/upgrading.md: there is no section "## 1.2.3"`,
		},
		{
			name: "the last release's ids", version: "1.2.3",
			changed: map[string]string{"test/template/testdata/logical-ids.txt": "# 1.2.2\n"}, fault: "make logical-ids VERSION=1.2.3",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := repository(t, test.version, test.changed)
			if test.tag != "" {
				r.must(t, "tag", test.tag)
			}
			if test.dirty {
				must(t, os.WriteFile(filepath.Join(r.root, "new.go"), nil, 0o644))
			}
			err := r.check(t.Context())
			if (test.fault == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("error %v, want one that says %q", err, test.fault)
			}
		})
	}
}

// TestDryRun: everything is built, and nothing of the repository is other than it was.
func TestDryRun(t *testing.T) {
	r := repository(t, "1.2.3", nil)
	state := func() string {
		return r.must(t, "for-each-ref") + r.must(t, "status", "--porcelain") + r.must(t, "worktree", "list") + r.must(t, "rev-parse", "HEAD")
	}
	before := state()
	must(t, r.run(t.Context()))
	if diff := cmp.Diff(before, state()); diff != "" {
		t.Errorf("a dry run changed the repository (-before +after):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(r.root, r.out)); err != nil {
		t.Errorf("it built nothing: %v", err)
	}
}

// TestConfirm: the zip is in the tagged commit, a child of the main line's, and in
// no other.
func TestConfirm(t *testing.T) {
	r := repository(t, "1.2.3", nil)
	r.confirm = true
	head := r.must(t, "rev-parse", "HEAD")
	must(t, r.run(t.Context()))
	if got := r.must(t, "show", "v1.2.3:"+builtFolder+"/switcher.zip"); got != "1.2.3 of "+head {
		t.Errorf("the tag holds %q, want the zip of 1.2.3 made of %s", got, head)
	}
	if parent := r.must(t, "rev-parse", "v1.2.3^"); parent != head {
		t.Errorf("the tagged commit's parent is %s, want %s", parent, head)
	}
	if branch := r.must(t, "rev-parse", "release/v1.2.3^0"); branch != r.must(t, "rev-parse", "v1.2.3^{commit}") {
		t.Error("the branch release/v1.2.3 does not end in the tagged commit")
	}
	if now := r.must(t, "rev-parse", "main"); now != head || r.must(t, "status", "--porcelain") != "" {
		t.Errorf("main is %s with %q, want it as it was: %s", now, r.must(t, "status", "--porcelain"), head)
	}
	if err := r.run(t.Context()); err == nil || !strings.Contains(err.Error(), "released already") {
		t.Errorf("once more: %v, want it refused", err)
	}
}

// TestBuildFails: what the run made for itself goes, and nothing is tagged.
func TestBuildFails(t *testing.T) {
	r := repository(t, "1.2.3", nil)
	r.confirm = true
	r.build = func(context.Context, string, string, string, string) error { return os.ErrPermission }
	before := r.must(t, "for-each-ref") + r.must(t, "worktree", "list")
	if err := r.run(t.Context()); err == nil {
		t.Fatal("a release whose build fails is made")
	}
	if diff := cmp.Diff(before, r.must(t, "for-each-ref")+r.must(t, "worktree", "list")); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}
