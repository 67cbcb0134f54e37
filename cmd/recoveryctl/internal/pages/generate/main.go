// Command generate writes the pages of recoveryctl's commands into the folder given.
package main

import (
	"fmt"
	"os"

	"github.com/workload-recovery/workload-recovery/cmd/recoveryctl/internal/pages"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	if _, err := pages.Write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
