package main

import (
	"regexp"
	"strings"
	"unicode"
)

// sentence is one sentence, with single spaces between its words.
type sentence struct {
	file string
	line int
	text string
}

// text gathers the lines of one file into paragraphs and splits them into sentences.
type text struct {
	file string
	done []sentence

	words []word
}

// word is one word of the paragraph that is being gathered.
type word struct {
	text string
	line int
}

// add appends a line to the paragraph.
func (t *text) add(line int, content string) {
	for _, w := range strings.Fields(content) {
		t.words = append(t.words, word{w, line})
	}
}

// alone is a paragraph of one line.
func (t *text) alone(line int, content string) {
	t.end()
	t.add(line, content)
	t.end()
}

// end splits the paragraph. A piece of one or two words is no sentence.
func (t *text) end() {
	start := 0
	for i, w := range t.words {
		if i+1 < len(t.words) && !endsSentence(w.text, t.words[i+1].text) {
			continue
		}
		if i-start >= 2 {
			parts := make([]string, 0, i+1-start)
			for _, p := range t.words[start : i+1] {
				parts = append(parts, p.text)
			}
			t.done = append(t.done, sentence{t.file, t.words[start].line, strings.Join(parts, " ")})
		}
		start = i + 1
	}
	t.words = nil
}

// abbreviation ends with a full stop in the middle of a sentence.
var abbreviation = regexp.MustCompile(`(?i)^\W*(?:e\.g|i\.e|etc|vs|cf|no|approx|[a-z])\.$`)

// endsSentence reports whether a sentence ends between two words.
func endsSentence(w, next string) bool {
	bare := strings.TrimRight(w, "\"'`)]*_”’")
	if bare == "" || !strings.ContainsRune(".!?", rune(bare[len(bare)-1])) || abbreviation.MatchString(bare) {
		return false
	}
	for _, r := range strings.TrimLeft(next, "\"'`([*_“‘") {
		return !unicode.IsLower(r)
	}
	return true
}

// item is the mark of a list item.
var item = regexp.MustCompile(`^\s*(?:[-*+]|\d+[.)])\s+`)

// prose adds a line of plain text: a blank line or a list item ends the paragraph before.
func (t *text) prose(line int, content string) {
	if strings.TrimSpace(content) == "" {
		t.end()
		return
	}
	if mark := item.FindString(content); mark != "" {
		t.end()
		content = content[len(mark):]
	}
	t.add(line, content)
}
