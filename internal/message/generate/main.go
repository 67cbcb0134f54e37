// Command generate writes docs/messages.md from the message catalogue.
package main

import (
	"fmt"
	"os"

	"github.com/workload-recovery/workload-recovery/internal/message"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(message.Page()), 0o644); err != nil { //nolint:gosec // a documentation page is meant to be read by all
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
