package dense

import (
	"cmp"
	"math/bits"
	"slices"
)

// codeLengths are those of a Huffman code in which no symbol has more than limit bits.
// A symbol that does not occur has 0.
func codeLengths(counts []int, limit int) []int {
	weights := slices.Clone(counts)
	for {
		lengths := huffman(weights)
		if slices.Max(lengths) <= limit {
			return lengths
		}
		for i, n := range weights { // flatter weights make a flatter code
			if n > 0 {
				weights[i] = n/2 + 1
			}
		}
	}
}

func huffman(weights []int) []int {
	type node struct{ weight, left, right int } // leaf: left is -1, right the symbol
	var nodes []node
	for s, n := range weights {
		if n > 0 {
			nodes = append(nodes, node{n, -1, s})
		}
	}
	lengths := make([]int, len(weights))
	if len(nodes) < 2 {
		for _, n := range nodes {
			lengths[n.right] = 1
		}
		return lengths
	}
	slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(a.weight, b.weight) })
	leaves := len(nodes)
	leaf, inner := 0, leaves
	lightest := func() int { // of the leaves and of what was joined, which is in order too
		if leaf < leaves && (inner == len(nodes) || nodes[leaf].weight <= nodes[inner].weight) {
			leaf++
			return leaf - 1
		}
		inner++
		return inner - 1
	}
	for range leaves - 1 {
		a, b := lightest(), lightest()
		nodes = append(nodes, node{nodes[a].weight + nodes[b].weight, a, b})
	}
	deep := make([]int, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		if n := nodes[i]; n.left < 0 {
			lengths[n.right] = deep[i]
		} else {
			deep[n.left], deep[n.right] = deep[i]+1, deep[i]+1
		}
	}
	return lengths
}

// codes are the canonical codes of the lengths, in the order of their bits in the file
// (RFC 1951, 3.2.2).
func codes(lengths []int) []int {
	var counts, next [16]int
	for _, n := range lengths {
		counts[n]++
	}
	counts[0] = 0
	for n := 1; n < len(next); n++ {
		next[n] = (next[n-1] + counts[n-1]) << 1
	}
	out := make([]int, len(lengths))
	for s, n := range lengths {
		if n > 0 {
			out[s] = int(bits.Reverse16(uint16(next[n])) >> (16 - n))
			next[n]++
		}
	}
	return out
}

// header tells a block's codes by their lengths, which are compressed themselves.
type header struct {
	symbols, distances []int
	literals, ranges   int      // how many lengths are told of each
	runs               [][3]int // symbol, value and number of the bits that follow it
	lengths            []int    // of the symbols of runs
	told               int      // how many of those are told
}

// order is that in which the lengths of the symbols of runs are told.
var order = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func newHeader(symbols, distances []int) header {
	h := header{symbols: symbols, distances: distances, literals: 257, ranges: 1}
	for s, n := range symbols {
		if n > 0 {
			h.literals = max(h.literals, s+1)
		}
	}
	for s, n := range distances {
		if n > 0 {
			h.ranges = max(h.ranges, s+1)
		}
	}
	h.runs = runsOf(slices.Concat(symbols[:h.literals], distances[:h.ranges]))
	counts := make([]int, len(order))
	for _, r := range h.runs {
		counts[r[0]]++
	}
	h.lengths = codeLengths(counts, 7)
	h.told = 4
	for i, s := range order {
		if h.lengths[s] > 0 {
			h.told = max(h.told, i+1)
		}
	}
	return h
}

// runsOf writes equal lengths in a row as one.
func runsOf(lengths []int) [][3]int {
	var out [][3]int
	for i := 0; i < len(lengths); {
		n := 1
		for i+n < len(lengths) && lengths[i+n] == lengths[i] {
			n++
		}
		value := lengths[i]
		i += n
		for value == 0 && n >= 3 {
			if k := min(n, 138); k > 10 {
				out, n = append(out, [3]int{18, k - 11, 7}), n-k
			} else {
				out, n = append(out, [3]int{17, k - 3, 3}), n-k
			}
		}
		if value > 0 && n > 3 {
			out, n = append(out, [3]int{value}), n-1
			for n >= 3 {
				k := min(n, 6)
				out, n = append(out, [3]int{16, k - 3, 2}), n-k
			}
		}
		for range n {
			out = append(out, [3]int{value})
		}
	}
	return out
}

func (h header) size() int {
	n := 3 + 5 + 5 + 4 + 3*h.told
	for _, r := range h.runs {
		n += h.lengths[r[0]] + r[2]
	}
	return n
}

func (h header) write(w *writer) {
	w.bits(h.literals-257, 5)
	w.bits(h.ranges-1, 5)
	w.bits(h.told-4, 4)
	for _, s := range order[:h.told] {
		w.bits(h.lengths[s], 3)
	}
	symbols := codes(h.lengths)
	for _, r := range h.runs {
		w.bits(symbols[r[0]], h.lengths[r[0]])
		w.bits(r[1], r[2])
	}
}

// writer collects bits, the first of them in the lowest place.
type writer struct {
	out  []byte
	held uint64
	n    int
}

func (w *writer) bits(value, n int) {
	w.held |= uint64(value) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.held))
		w.held >>= 8
	}
}

func (w *writer) end() []byte {
	if w.n > 0 {
		w.out = append(w.out, byte(w.held))
	}
	return w.out
}
