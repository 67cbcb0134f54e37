package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const baselineHead = `# Sentences that broke a rule before the rule existed: the rule and a hash of the sentence,
# one line for each occurrence. Written by make prose-baseline, which only removes lines.
`

// baseline counts the tolerated findings by key.
type baseline map[string]int

// key names a finding wherever its sentence stands.
func (f finding) key() string {
	sum := sha256.Sum256([]byte(f.text))
	return fmt.Sprintf("%s %x", f.rule.name, sum[:6])
}

func baselineOf(found []finding) baseline {
	b := baseline{}
	for _, f := range found {
		b[f.key()]++
	}
	return b
}

func parseBaseline(text []byte) (baseline, error) {
	b := baseline{}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(strings.Fields(line)) != 2 {
			return nil, fmt.Errorf("%s:%d: %q is not a rule and a hash: run make prose-baseline after you resolved a merge", baselineFile, n+1, line)
		}
		b[line]++
	}
	return b, nil
}

// compare returns the findings that the baseline does not cover, and the part of the
// baseline that is still needed.
func (b baseline) compare(found []finding) ([]finding, baseline) {
	var added []finding
	kept := baseline{}
	for _, f := range found {
		k := f.key()
		if kept[k] == b[k] {
			added = append(added, f)
			continue
		}
		kept[k]++
	}
	return added, kept
}

func (b baseline) bytes() []byte {
	var out bytes.Buffer
	out.WriteString(baselineHead)
	for _, k := range slices.Sorted(maps.Keys(b)) {
		for range b[k] {
			fmt.Fprintln(&out, k)
		}
	}
	return out.Bytes()
}
