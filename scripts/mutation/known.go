package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"sync"
)

// readKnown reads the explained survivors: the key of each equivalent mutant, below
// a comment with the reason why no test can tell it from the original.
func readKnown(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the explained survivors: %w", err)
	}
	known := map[string]string{}
	reason, fresh := "", true
	for n, line := range strings.Split(string(text), "\n") {
		switch {
		case line == "":
			reason, fresh = "", true
		case strings.HasPrefix(line, "# "):
			if !fresh {
				reason = ""
			}
			reason, fresh = strings.TrimSpace(reason+" "+line[2:]), true
		case reason == "":
			return nil, fmt.Errorf("%s:%d: %q has no reason: write one above it, after #", file, n+1, line)
		default:
			known[line], fresh = reason, false
		}
	}
	return known, nil
}

// past is a result of an earlier run.
type past struct {
	Key    string `json:"key"`
	Sum    uint64 `json:"sum"` // of the sources of its package
	Status string `json:"status"`
	By     string `json:"by,omitempty"`
}

// memory keeps results between runs, so that a long one can be cut in pieces.
type memory struct {
	mu   sync.Mutex
	file *os.File
	old  map[string]past
}

// remember opens the memory; without resume it begins anew.
func remember(file string, resume bool) (*memory, error) {
	m := &memory{old: map[string]past{}}
	flags := os.O_CREATE | os.O_RDWR | os.O_APPEND
	if !resume {
		flags |= os.O_TRUNC
	}
	var err error
	if m.file, err = os.OpenFile(file, flags, 0o600); err != nil {
		return nil, fmt.Errorf("open the results of earlier runs: %w", err)
	}
	for lines := bufio.NewScanner(m.file); lines.Scan(); {
		var p past
		if json.Unmarshal(lines.Bytes(), &p) == nil { // a line cut off by a crash is run again
			m.old[p.Key] = p
		}
	}
	return m, nil
}

// recall finds a mutant that was killed or timed out in the same source. A survivor
// is run again: there may be a new test.
func (m *memory) recall(key string, sum uint64) (verdict, bool) {
	p, ok := m.old[key]
	if !ok || p.Sum != sum || p.Status != killed && p.Status != timedOut {
		return verdict{}, false
	}
	return verdict{status: p.Status, by: p.By}, true
}

func (m *memory) keep(key string, sum uint64, v verdict) error {
	line, err := json.Marshal(past{key, sum, v.status, v.by})
	if err != nil {
		return fmt.Errorf("keep a result: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err = m.file.Write(append(line, '\n'))
	return err
}

func sumOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // a hash never fails
	return h.Sum64()
}
