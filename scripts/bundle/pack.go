package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"time"

	"github.com/workload-recovery/workload-recovery/scripts/bundle/dense"
)

// epoch is the earliest time that a zip can hold. Builds have no time of their own.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack is the zip that Lambda wants: one executable file named bootstrap. The same
// binary gives the same bytes. A dense one is some 5 % smaller and takes a minute.
func pack(binary []byte, denser bool) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		if denser {
			return &whole{to: to}, nil
		}
		return flate.NewWriter(to, flate.BestCompression)
	})
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

// whole compresses what was written when it is closed.
type whole struct {
	bytes.Buffer
	to io.Writer
}

func (w *whole) Close() error {
	_, err := w.to.Write(dense.Deflate(w.Bytes()))
	return err
}
