package dense

import "slices"

// span is a length or distance code: its first value and how many bits follow it.
type span struct{ first, extra int }

// lengthCodes are those of 257 to 285, distanceCodes those of 0 to 29 (RFC 1951, 3.2.5).
var (
	lengthCodes   = spans(28, 3, 4, 8)
	distanceCodes = spans(30, 1, 2, 4)
)

// spans makes n codes: each step codes in a row have the same number of extra bits, and
// the first ones have none.
func spans(n, first, step, plain int) []span {
	out := make([]span, 0, n+1)
	for i := range n {
		extra := 0
		if i >= plain {
			extra = (i-plain)/step + 1
		}
		out = append(out, span{first, extra})
		first += 1 << extra
	}
	if n == 28 { // 258 has a code of its own
		out = append(out, span{258, 0})
	}
	return out
}

var (
	lengthCodeOf = func() (codes [longest + 1]uint16) {
		for code, s := range lengthCodes {
			for i := s.first; i < s.first+1<<s.extra && i <= longest; i++ {
				codes[i] = uint16(257 + code)
			}
		}
		return codes
	}()
	distanceCodeOf = func() (codes [window + 1]uint8) {
		for code, s := range distanceCodes {
			for i := s.first; i < s.first+1<<s.extra && i <= window; i++ {
				codes[i] = uint8(code)
			}
		}
		return codes
	}()
)

func lengthCode(length int) int     { return int(lengthCodeOf[length]) }
func distanceCode(distance int) int { return int(distanceCodeOf[distance]) }

// endOfBlock is the symbol that ends a block.
const endOfBlock = 256

// block is a sequence of tokens with the codes that it is written in.
type block struct {
	tokens    []token
	symbols   [286]int // how often each literal or length occurs
	distances [30]int
	header    header
	size      int // bits
}

func newBlock(tokens []token) block {
	b := block{tokens: tokens}
	for _, t := range tokens {
		if t.distance == 0 {
			b.symbols[t.length]++
		} else {
			b.symbols[lengthCode(int(t.length))]++
			b.distances[distanceCode(int(t.distance))]++
		}
	}
	b.symbols[endOfBlock] = 1
	b.measure()
	return b
}

// input is how many bytes the block stands for.
func (b block) input() int {
	n := 0
	for _, t := range b.tokens {
		if t.distance == 0 {
			n++
		} else {
			n += int(t.length)
		}
	}
	return n
}

// measure chooses the codes, and counts the bits.
func (b *block) measure() {
	b.header = newHeader(codeLengths(b.symbols[:], 15), codeLengths(b.distances[:], 15))
	b.size = b.header.size()
	for s, n := range b.symbols {
		extra := 0
		if s > endOfBlock {
			extra = lengthCodes[s-257].extra
		}
		b.size += n * (b.header.symbols[s] + extra)
	}
	for s, n := range b.distances {
		b.size += n * (b.header.distances[s] + distanceCodes[s].extra)
	}
}

// join joins neighbours as long as that saves bits.
func join(blocks []block) []block {
	for {
		var out []block
		for _, b := range blocks {
			if len(out) > 0 {
				last := out[len(out)-1]
				both := block{symbols: last.symbols, distances: last.distances}
				for s, n := range b.symbols {
					both.symbols[s] += n
				}
				both.symbols[endOfBlock] = 1
				for s, n := range b.distances {
					both.distances[s] += n
				}
				both.measure()
				if both.size < last.size+b.size {
					both.tokens = slices.Concat(last.tokens, b.tokens)
					out[len(out)-1] = both
					continue
				}
			}
			out = append(out, b)
		}
		if len(out) == len(blocks) {
			return out
		}
		blocks = out
	}
}

// write writes the block in its own codes.
func (b block) write(w *writer, final bool) {
	last := 0
	if final {
		last = 1
	}
	w.bits(last, 1)
	w.bits(2, 2) // dynamic codes
	b.header.write(w)
	symbols, distances := codes(b.header.symbols), codes(b.header.distances)
	for _, t := range b.tokens {
		if t.distance == 0 {
			w.bits(symbols[t.length], b.header.symbols[t.length])
			continue
		}
		s := lengthCode(int(t.length))
		w.bits(symbols[s], b.header.symbols[s])
		w.bits(int(t.length)-lengthCodes[s-257].first, lengthCodes[s-257].extra)
		d := distanceCode(int(t.distance))
		w.bits(distances[d], b.header.distances[d])
		w.bits(int(t.distance)-distanceCodes[d].first, distanceCodes[d].extra)
	}
	w.bits(symbols[endOfBlock], b.header.symbols[endOfBlock])
}
