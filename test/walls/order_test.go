package walls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFilesOfConstructsReadDownward keeps the files of each package of constructs in an
// order in which a file uses only files below it, so that a reader can start at the
// bottom and never has to read ahead.
func TestFilesOfConstructsReadDownward(t *testing.T) {
	folders, err := filepath.Glob("../../constructs/internal/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no packages under constructs/internal (%v)", err)
	}
	for _, folder := range append(folders, "../../constructs/recovery") {
		uses := fileUses(t, folder)
		arrows := 0
		for _, to := range uses {
			arrows += len(to)
		}
		left := climb(uses)
		for _, from := range slices.Sorted(maps.Keys(left)) {
			t.Errorf("%s: %s uses %s, which uses it again, directly or through others: move what both need into a file below them",
				folder, from, strings.Join(slices.Sorted(maps.Keys(left[from])), ", "))
		}
		if folder == "../../constructs/recovery" && arrows < 100 {
			t.Errorf("only %d uses between the files of %s were found: the test reads them wrongly", arrows, folder)
		}
	}
}

// climb takes away, again and again, the files that use no file that is left. The files in
// loops and those above them remain; those above are taken away too.
func climb(uses map[string]map[string]bool) map[string]map[string]bool {
	left := map[string]map[string]bool{}
	for from, to := range uses {
		left[from] = maps.Clone(to)
	}
	for changed := true; changed; {
		changed = false
		for file, to := range left {
			used := false
			for _, other := range left {
				used = used || other[file]
			}
			if len(to) > 0 && used {
				continue
			}
			delete(left, file)
			for _, other := range left {
				delete(other, file)
			}
			changed = true
		}
	}
	return left
}

// nothing stands for every imported package: only the names of the package itself matter.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}

// fileUses reads which file of a package uses names that another one declares.
func fileUses(t *testing.T, folder string) map[string]map[string]bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set, files := token.NewFileSet(), []*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	// Names of imported packages are unknown here; the errors about them do not matter.
	config := types.Config{Importer: nothing{}, Error: func(error) {}}
	pkg, _ := config.Check(folder, set, files, &info)
	uses := map[string]map[string]bool{}
	fileOf := func(at token.Pos) string { return filepath.Base(set.Position(at).Filename) }
	for name, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() {
			continue
		}
		from, to := fileOf(name.Pos()), fileOf(object.Pos())
		if from == to {
			continue
		}
		if uses[from] == nil {
			uses[from] = map[string]bool{}
		}
		uses[from][to] = true
	}
	return uses
}
