package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build compiles the campaign with the files given in place of the module's own,
// which are not touched ("go help build", -overlay).
func build(ctx context.Context, root, dir, name string, files map[string]string) (string, error) {
	replace := map[string]string{}
	for file, text := range files {
		copied := filepath.Join(dir, name+"-"+strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("plant %s: %w", name, err)
		}
		replace[filepath.Join(root, file)] = copied
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("plant %s: %w", name, err)
	}
	list := filepath.Join(dir, name+".json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", fmt.Errorf("plant %s: %w", name, err)
	}
	program := filepath.Join(dir, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", list, "-o", program, "./scripts/mutants/campaign")
	cmd.Dir = root
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s does not compile: %w\n%s", name, err, said.String())
	}
	return program, nil
}
