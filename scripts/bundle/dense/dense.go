// Package dense compresses for as long as it takes: it writes DEFLATE (RFC 1951) that is
// some 5 % smaller than that of compress/flate, for what is compressed once and
// downloaded and unpacked often. The same bytes give the same bytes on every machine.
//
// The input is cut into blocks. In each the cheapest sequence of literals and matches is
// searched, with the costs of the search before, until it gets no smaller; then
// neighbouring blocks are joined where one code for both is smaller.
package dense

import "math"

const (
	window    = 1 << 15
	shortest  = 3
	longest   = 258
	depth     = 1024    // candidates that are looked at for a match
	blockSize = 1 << 15 // of input, before blocks are joined
	rounds    = 12      // searches of one block, at most
)

// token is a literal (distance 0, and its byte as the length) or a match.
type token struct{ length, distance uint16 }

// Deflate compresses data.
func Deflate(data []byte) []byte {
	blocks := []block{newBlock(nil)}
	f := newFinder(data)
	for from := 0; from < len(data); from += blockSize {
		blocks = append(blocks, search(data, f, from, min(from+blockSize, len(data)), firstCosts()))
	}
	blocks = join(blocks)
	// Once more, with the costs of what was joined, and over its inner borders.
	f = newFinder(data)
	from := 0
	for i, b := range blocks {
		to := from + b.input()
		if again := search(data, f, from, to, b.costs()); again.size < b.size {
			blocks[i] = again
		}
		from = to
	}
	w := &writer{}
	blocks = join(blocks)
	for i, b := range blocks {
		b.write(w, i == len(blocks)-1)
	}
	return w.end()
}

// finder finds earlier occurrences, by chains of positions whose three bytes have the
// same hash.
type finder struct {
	data       []byte
	head, prev []int32
}

func newFinder(data []byte) *finder {
	f := &finder{data: data, head: make([]int32, 1<<16), prev: make([]int32, window)}
	for i := range f.head {
		f.head[i] = -1
	}
	return f
}

// find appends the matches at a position, each longer than the one before and as near
// as can be. Positions must be asked for in their order.
func (f *finder) find(at int, found []token) []token {
	if at+shortest > len(f.data) {
		return found
	}
	d := f.data
	hash := (uint32(d[at])<<16 | uint32(d[at+1])<<8 | uint32(d[at+2])) * 2654435761 >> 16
	best, most := shortest-1, min(longest, len(d)-at)
	old := int(f.head[hash])
	for tries := depth; old >= 0 && at-old <= window && tries > 0 && best < most; tries-- {
		if d[old+best] == d[at+best] {
			n := 0
			for n < most && d[old+n] == d[at+n] {
				n++
			}
			if n > best {
				best = n
				found = append(found, token{uint16(n), uint16(at - old)})
			}
		}
		next := int(f.prev[old%window])
		if next >= old { // overwritten by a later position
			break
		}
		old = next
	}
	f.prev[at%window] = f.head[hash]
	f.head[hash] = int32(at)
	return found
}

// search finds the cheapest tokens for a part of the data, beginning with these costs.
func search(data []byte, f *finder, from, to int, costs costs) block {
	var found []token
	starts := make([]int, 0, to-from+1)
	for at := from; at < to; at++ {
		starts = append(starts, len(found))
		found = f.find(at, found)
	}
	starts = append(starts, len(found))

	best := block{size: math.MaxInt}
	for range rounds {
		b := newBlock(cheapest(data[from:to], found, starts, &costs))
		if b.size >= best.size {
			break
		}
		best, costs = b, b.costs()
	}
	return best
}

// cheapest is the shortest way through the data.
func cheapest(data []byte, found []token, starts []int, costs *costs) []token {
	n := len(data)
	cost, by := make([]float64, n+1), make([]token, n+1)
	for i := range cost {
		cost[i] = math.Inf(1)
	}
	cost[0] = 0
	for at := range n {
		if c := cost[at] + costs.literal[data[at]]; c < cost[at+1] {
			cost[at+1], by[at+1] = c, token{length: uint16(data[at])}
		}
		length := shortest
		for _, m := range found[starts[at]:starts[at+1]] {
			far := cost[at] + costs.distance[distanceCode(int(m.distance))]
			for ; length <= int(m.length) && at+length <= n; length++ {
				if c := far + costs.length[length]; c < cost[at+length] {
					cost[at+length], by[at+length] = c, token{uint16(length), m.distance}
				}
			}
		}
	}
	var back []token
	for at := n; at > 0; {
		t := by[at]
		back = append(back, t)
		if t.distance == 0 {
			at--
		} else {
			at -= int(t.length)
		}
	}
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	return back
}

// costs are in bits, with the extra bits of lengths and distances.
type costs struct {
	literal  [256]float64
	length   [longest + 1]float64
	distance [30]float64
}

// firstCosts are a guess.
func firstCosts() costs {
	var c costs
	for i := range c.literal {
		c.literal[i] = 8
	}
	for i := shortest; i <= longest; i++ {
		c.length[i] = 6 + float64(lengthCodes[lengthCode(i)-257].extra)
	}
	for i := range c.distance {
		c.distance[i] = 5 + float64(distanceCodes[i].extra)
	}
	return c
}

// costs are what the block's own symbols cost by their frequency.
func (b block) costs() costs {
	var c costs
	bits := func(counts []int) func(int) float64 {
		all := 0
		for _, n := range counts {
			all += n
		}
		return func(symbol int) float64 {
			return math.Log2(float64(max(all, 1)) / math.Max(float64(counts[symbol]), 0.5))
		}
	}
	symbol, distance := bits(b.symbols[:]), bits(b.distances[:])
	for i := range c.literal {
		c.literal[i] = symbol(i)
	}
	for i := shortest; i <= longest; i++ {
		code := lengthCode(i)
		c.length[i] = symbol(code) + float64(lengthCodes[code-257].extra)
	}
	for i := range c.distance {
		c.distance[i] = distance(i) + float64(distanceCodes[i].extra)
	}
	return c
}
