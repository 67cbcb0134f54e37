package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// source is one package as it is compiled, without its tests.
type source struct {
	dir   string // from the module's root
	name  string
	fset  *token.FileSet
	files []*file
	info  *types.Info
	pkg   *types.Package
}

// file is one of its files.
type file struct {
	path string // from the module's root
	text string
	tree *ast.File
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
}

// load reads and type-checks the packages of the folders.
func load(ctx context.Context, root string, dirs []string) ([]*source, error) {
	patterns := make([]string, len(dirs))
	for i, d := range dirs {
		patterns[i] = "./" + d
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,GoFiles"}, patterns...)...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	all := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		all[p.ImportPath] = p
	}
	var sources []*source
	for _, dir := range dirs {
		found := false
		for _, p := range all {
			if p.Dir == filepath.Join(root, dir) {
				s, err := check(dir, p, all)
				if err != nil {
					return nil, err
				}
				sources, found = append(sources, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no package in %s", dir)
		}
	}
	return sources, nil
}

// check parses and type-checks one package; what it imports comes as compiled.
func check(dir string, p listed, all map[string]listed) (*source, error) {
	s := &source{dir: dir, name: p.Name, fset: token.NewFileSet(), info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}}
	var trees []*ast.File
	slices.Sort(p.GoFiles)
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, fmt.Errorf("read the source: %w", err)
		}
		tree, err := parser.ParseFile(s.fset, name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", dir, err)
		}
		trees = append(trees, tree)
		s.files = append(s.files, &file{path: filepath.ToSlash(filepath.Join(dir, name)), text: string(text), tree: tree})
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) }
	conf := types.Config{Importer: importer.ForCompiler(s.fset, "gc", lookup)}
	var err error
	if s.pkg, err = conf.Check(p.ImportPath, s.fset, trees, s.info); err != nil {
		return nil, fmt.Errorf("type-check %s: %w", dir, err)
	}
	return s, nil
}

// offset is a position's place in its file.
func (s *source) offset(p token.Pos) int { return s.fset.Position(p).Offset }

// qualifier writes types as the file's own code does; ok is false if the file does
// not import what a type needs.
func qualifier(f *file, own string, ok *bool) types.Qualifier {
	return func(p *types.Package) string {
		if p.Name() == own {
			return ""
		}
		for _, i := range f.tree.Imports {
			if strings.Trim(i.Path.Value, `"`) == p.Path() {
				if i.Name != nil {
					return i.Name.Name
				}
				return p.Name()
			}
		}
		*ok = false
		return p.Name()
	}
}
