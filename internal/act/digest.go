package act

import (
	"fmt"
	"slices"
	"strings"

	"github.com/workload-recovery/workload-recovery/internal/cloud"
	"github.com/workload-recovery/workload-recovery/internal/decide"
)

// mostTold is how many notices a digest holds: a line each, well below SNS's limit of
// 262,144 bytes ("Publish", Amazon SNS API reference).
const mostTold = 500

// wholeUpTo is how many notices a digest gives whole; of more it gives the headlines.
const wholeUpTo = 10

// digest makes one message of several notices, so that a thousand nodes that fail do
// not send a thousand mails.
func digest(effects []decide.Effect) cloud.Notice {
	nodes := map[int]bool{}
	heads, texts := map[string]int{}, make([]string, 0, len(effects))
	for _, e := range effects {
		nodes[e.Node] = true
		head, _, _ := strings.Cut(e.Post.Text, "\n")
		heads[head]++
		if len(effects) > wholeUpTo {
			texts = append(texts, fmt.Sprintf("- %s (recoveryctl show %d)", e.Post.Subject, e.Node))
		} else {
			texts = append(texts, e.Post.Text)
		}
	}
	sender, _, _ := strings.Cut(effects[0].Post.Subject, ":")
	n := cloud.Notice{Subject: fmt.Sprintf("%s: %d messages about %d nodes", sender, len(effects), len(nodes))}
	kinds := make([]string, 0, len(heads))
	for head, count := range heads {
		kinds = append(kinds, fmt.Sprintf("%4d x %s", count, head))
	}
	slices.Sort(kinds)
	slices.Reverse(kinds)
	separator := "\n"
	if len(effects) <= wholeUpTo {
		separator = "\n--\n\n"
	}
	n.Body = "Many things happened at once; this message tells all of them.\n\n" + strings.Join(kinds, "\n") + "\n\n" + strings.Join(texts, separator) + "\n"
	return n
}
