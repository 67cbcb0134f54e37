package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// skipped are folders whose content is installed, built or not ours, and this program's
// own folder, which quotes the mistakes that it looks for.
var skipped = []string{".git", ".tools", "node_modules", "cdk.out", "dist", "scripts/prose"}

// readers by the end of a file's path, the first that fits. Files without a reader are not
// checked: data, goldens and lock files.
var readers = []struct {
	end  string
	read func(file string, text []byte) ([]sentence, error)
}{
	{".go", readGo},
	{".md", readMarkdown},
	{".ts", readSlashes},
	{".js", readSlashes},
	{".py", readHashes},
	{".sh", readHashes},
	{".yml", readHashes},
	{".bug", readHashes},
	{".txtar", readHashes},
	{".txt", readHashes},
	{".in", readHashes},
	{"/Makefile", readHashes},
	{"/.gitattributes", readHashes},
	{"/.gitignore", readHashes},
	{"/scripts/preflight", readHashes},
	{"/scripts/suite", readHashes},
	{"/scripts/busy", readHashes},
	{"/.ci/run", readHashes},
}

// readTree returns all sentences under root, in the order of their files.
func readTree(root string) ([]sentence, error) {
	var all []sentence
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		if d.IsDir() {
			if slices.Contains(skipped, file) || d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		for _, r := range readers {
			if !strings.HasSuffix("/"+file, r.end) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found, err := r.read(file, text)
			all = append(all, found...)
			return err
		}
		return nil
	})
	return all, err
}
