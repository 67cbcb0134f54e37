package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// bug is one planted bug: what a careless change could do to the engine.
type bug struct {
	name   string // of its file
	about  string // one line
	change []change
}

// change replaces a text that occurs exactly once in a package.
type change struct {
	folder   string // from the module's root
	old, new string
}

// readBugs reads the bugs of a folder, in order of their names.
func readBugs(dir string) ([]bug, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.bug"))
	if err != nil {
		return nil, fmt.Errorf("list the bugs of %s: %w", dir, err)
	}
	slices.Sort(files)
	var bugs []bug
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("read a bug: %w", err)
		}
		b, err := parseBug(strings.TrimSuffix(filepath.Base(f), ".bug"), string(text))
		if err != nil {
			return nil, err
		}
		bugs = append(bugs, b)
	}
	return bugs, nil
}

// parseBug reads a bug's file: a line "about: …"; comments after #; then for each change
//
//	-- old internal/record --
//	lines as they are in one file of that package
//	-- new --
//	lines that take their place, perhaps none
func parseBug(name, text string) (bug, error) {
	b := bug{name: name}
	fail := func(n int, format string, args ...any) (bug, error) {
		return bug{}, fmt.Errorf("bug %s, line %d: %s", name, n+1, fmt.Sprintf(format, args...))
	}
	var into *string
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		folder, begins := strings.CutPrefix(line, "-- old ")
		about, says := strings.CutPrefix(line, "about: ")
		switch {
		case begins:
			b.change = append(b.change, change{folder: strings.TrimSuffix(folder, " --")})
			into = &b.change[len(b.change)-1].old
		case line == "-- new --":
			if into == nil || len(b.change) == 0 || b.change[len(b.change)-1].old == "" {
				return fail(n, "-- new -- must follow -- old <folder> -- and the lines to be replaced")
			}
			into = &b.change[len(b.change)-1].new
		case into != nil:
			*into += line + "\n"
		case line == "" || strings.HasPrefix(line, "#"):
		case says:
			b.about = about
		default:
			return fail(n, "%q is neither about: …, a comment nor -- old <folder> --", line)
		}
	}
	if b.about == "" || len(b.change) == 0 {
		return fail(0, "a bug has a line about: … and at least one change")
	}
	for _, c := range b.change {
		if c.old == "" || c.old == c.new {
			return fail(0, "a change in %s changes nothing", c.folder)
		}
	}
	return b, nil
}

// plant returns the changed text of each file that the bug touches.
func (b bug) plant(root string) (map[string]string, error) {
	planted := map[string]string{}
	for _, c := range b.change {
		texts, err := sources(root, c.folder)
		if err != nil {
			return nil, fmt.Errorf("bug %s is out of date: %w", b.name, err)
		}
		maps.Copy(texts, planted) // what an earlier change made of them
		count, in := 0, ""
		for file, text := range texts {
			if n := strings.Count(text, c.old); n > 0 && path.Dir(file) == c.folder {
				count, in = count+n, file
			}
		}
		if count != 1 {
			return nil, fmt.Errorf("bug %s is out of date: its old text is in %s %d times, and must be there once:\n%s", b.name, c.folder, count, c.old)
		}
		planted[in] = strings.Replace(texts[in], c.old, c.new, 1)
	}
	return planted, nil
}

// sources reads a package's files without its tests, by their paths from the root.
func sources(root, folder string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", folder, err)
	}
	texts := map[string]string{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("read a source: %w", err)
		}
		texts[path.Join(folder, filepath.Base(f))] = string(text)
	}
	return texts, nil
}
