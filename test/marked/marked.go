// Package marked keeps generated text between two marks of a document.
package marked

import (
	"fmt"
	"os"
	"strings"
)

// Replace puts the text between the document's lines "<!-- name: begin -->" and
// "<!-- name: end -->".
func Replace(file, name, text string) error {
	open, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->\n"
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("keep the tables: %w", err)
	}
	head, rest, opened := strings.Cut(string(raw), open)
	_, tail, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s has no lines %q and %q: put them where the tables belong", file, strings.TrimSpace(open), strings.TrimSpace(end))
	}
	if err := os.WriteFile(file, []byte(head+open+"\n"+strings.TrimSpace(text)+"\n\n"+end+tail), 0o644); err != nil {
		return fmt.Errorf("keep the tables: %w", err)
	}
	return nil
}
