package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// parts are what people get, each with the packages that it is compiled of.
var parts = []struct {
	name, env string
	args      []string
}{
	{"switcher", "GOOS=linux", []string{"-tags", "lambda.norpc", "./lambda/switcher"}},
	{"constructs", "", []string{"./constructs/...", "./stacks/..."}},
	{"recoveryctl", "", []string{"./cmd/recoveryctl"}},
}

// used is a module that at least one part is compiled of.
type used struct {
	path, version string
	sum           string   // go.sum's h1
	parts         []string // names of parts, in their order
	licence       string   // SPDX id
	texts         []string // licence and notices, whole
}

// modules are all that the parts are compiled of, by path, the standard library
// included, with their licences.
func modules(ctx context.Context, root string) ([]used, error) {
	found := map[string]*used{}
	dirs := map[string]string{}
	for _, part := range parts {
		if err := modulesOf(ctx, root, part.name, part.env, part.args, found, dirs); err != nil {
			return nil, err
		}
	}
	var list []used
	var faults []error
	for path, u := range found {
		faults = append(faults, u.read(dirs[path]))
		list = append(list, *u)
	}
	slices.SortFunc(list, func(a, b used) int { return strings.Compare(a.path, b.path) })
	return list, errors.Join(faults...)
}

func modulesOf(ctx context.Context, root, part, env string, args []string, found map[string]*used, dirs map[string]string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-json=Standard,Module,Root"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("list the modules of %s: %w\n%s", part, err, stderr.String())
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Standard bool
			Root     string
			Module   *struct {
				Path, Version, Sum, Dir, GoVersion string
				Main                               bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		u, dir := used{path: "std"}, p.Root
		switch {
		case p.Standard:
			version, err := os.ReadFile(filepath.Join(p.Root, "VERSION"))
			if err != nil {
				return err
			}
			first, _, _ := strings.Cut(string(version), "\n")
			u.version = strings.TrimPrefix(first, "go")
		case p.Module == nil || p.Module.Main:
			continue
		default:
			u.path, u.version, u.sum, dir = p.Module.Path, p.Module.Version, p.Module.Sum, p.Module.Dir
		}
		if found[u.path] == nil {
			found[u.path], dirs[u.path] = &u, dir
		}
		if known := found[u.path]; !slices.Contains(known.parts, part) {
			known.parts = append(known.parts, part)
		}
	}
}

var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// read finds the module's licence.
func (u *used) read(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", u.path, err)
	}
	for _, e := range entries {
		if e.IsDir() || !legal.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		u.texts = append(u.texts, strings.TrimSpace(string(text)))
		if id := identify(string(text)); id != "" && u.licence == "" {
			u.licence = id
		}
	}
	if u.licence == "" {
		return fmt.Errorf("%s %s: no licence that we know among its files: read it, and teach scripts/release or drop the module", u.path, u.version)
	}
	return nil
}

// marks are words that only the one licence has, in order of decision: the first
// whose words are all there. Only licences that allow what we do are known.
var marks = []struct {
	id    string
	words []string
}{
	{"Apache-2.0", []string{"Apache License", "Version 2.0, January 2004"}},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "to endorse or promote products"}},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}},
	{"MIT", []string{"Permission is hereby granted, free of charge", "MERCHANTABILITY"}},
	{"ISC", []string{"Permission to use, copy, modify, and", "with or without fee"}},
}

// identify is the SPDX id of a licence's text, or "".
func identify(text string) string {
	flat := strings.Join(strings.Fields(text), " ")
	for _, m := range marks {
		if !slices.ContainsFunc(m.words, func(w string) bool { return !strings.Contains(flat, w) }) {
			return m.id
		}
	}
	return ""
}
