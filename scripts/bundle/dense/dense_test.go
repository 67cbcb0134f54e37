package dense

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// samples are inputs of every kind: none, short, one byte over and over, text, what
// cannot be compressed, far and long matches, more than a block.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3*blockSize/2)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	skewed := make([]byte, 50_000) // Fibonacci-like frequencies want codes longer than 15 bits
	for i := range skewed {
		for skewed[i] = 0; skewed[i] < 30 && r.Uint32()%5 < 2; skewed[i]++ {
		}
	}
	source, err := os.ReadFile("dense.go")
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"nothing": nil, "a byte": {7}, "two bytes": {7, 7}, "three": []byte("abc"),
		"zeros": make([]byte, blockSize+1000), "text": source, "noise": noise, "skewed": skewed,
		"again at the window's end": append(append(bytes.Clone(noise[:window]), noise[:1000]...), noise[:window]...),
		"again beyond the window":   append(bytes.Clone(noise[:window+1]), noise[:1000]...),
		"words":                     []byte(strings.Repeat("terminate what is condemned, and nothing else. ", 800)),
	}
}

// TestDeflate: what comes out of the standard library's reader is what went in, and the
// same again gives the same.
func TestDeflate(t *testing.T) {
	for name, data := range samples(t) {
		packed := Deflate(data)
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes come out (%v), %d went in", name, len(got), err, len(data))
		}
		if !bytes.Equal(packed, Deflate(bytes.Clone(data))) {
			t.Errorf("%s: the second time other bytes came out", name)
		}
	}
}

// TestDenser: it is what it is for.
func TestDenser(t *testing.T) {
	data := samples(t)["text"]
	var plain bytes.Buffer
	w, err := flate.NewWriter(&plain, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(Deflate(data)); got >= plain.Len()*98/100 {
		t.Errorf("%d bytes, compress/flate makes %d: wanted at least 2 %% fewer", got, plain.Len())
	}
}

func TestCodeLengths(t *testing.T) {
	fibonacci := []int{1, 1}
	for len(fibonacci) < 40 {
		fibonacci = append(fibonacci, fibonacci[len(fibonacci)-1]+fibonacci[len(fibonacci)-2])
	}
	for _, limit := range []int{7, 15} {
		room := 0.0
		for _, n := range codeLengths(fibonacci, limit) {
			if n < 1 || n > limit {
				t.Errorf("a code of %d bits, limit %d", n, limit)
			}
			room += 1 / float64(int(1)<<n)
		}
		if room != 1 {
			t.Errorf("the code for limit %d takes %v of the room, wanted all and no more", limit, room)
		}
	}
}
