package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"time"
)

// epoch is the earliest time that a zip can hold. Builds have no time of their own.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack is the zip that Lambda wants: one executable file named bootstrap. The same
// binary gives the same bytes.
func pack(binary []byte) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return flate.NewWriter(to, flate.BestCompression) })
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o755)
	f, err := w.CreateHeader(header)
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	if _, err := f.Write(binary); err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	return out.Bytes(), nil
}
