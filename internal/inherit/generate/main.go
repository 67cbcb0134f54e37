// Command generate writes docs/inheritance.md from the table of inherited settings.
package main

import (
	"fmt"
	"os"

	"github.com/workload-recovery/workload-recovery/internal/inherit"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(inherit.Page()), 0o644); err != nil { //nolint:gosec // a documentation page is meant to be read by all
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
