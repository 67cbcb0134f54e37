// Command diagram draws what the synthesised templates deploy, as Mermaid:
//
//	go run ./scripts/diagram [-in cdk.out] [-out docs/diagram.md]
//
// Without -out it prints the picture alone.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/workload-recovery/workload-recovery/scripts/diagram/picture"
)

func main() {
	in := flag.String("in", "cdk.out", "the folder with the synthesised templates")
	out := flag.String("out", "", "the page to write; none: print the picture")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	a, err := picture.Read(in)
	if err != nil {
		return err
	}
	if out == "" {
		fmt.Print(a.Mermaid())
		return nil
	}
	if err := os.WriteFile(out, []byte(a.Page()), 0o600); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}
