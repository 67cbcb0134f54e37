package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// epoch is the earliest time that a zip can hold. Builds have no time of their own.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// name and mode are what Lambda wants the one file of the zip to have.
const (
	name = "bootstrap"
	mode = 0o755
)

// deflate compresses.
type deflate func(ctx context.Context, data []byte) ([]byte, error)

// pack is the zip that Lambda wants: one executable file named bootstrap.
func pack(ctx context.Context, binary []byte, by deflate) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) { return &whole{ctx: ctx, to: to, by: by}, nil })
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
	header.SetMode(mode)
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
	ctx context.Context
	to  io.Writer
	by  deflate
}

func (w *whole) Close() error {
	packed, err := w.by(w.ctx, w.Bytes())
	if err != nil {
		return err
	}
	_, err = w.to.Write(packed)
	return err
}

// fast compresses by Go's own package.
func fast(_ context.Context, data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// dense compresses by Zopfli (https://github.com/google/zopfli), which is some 4 % denser
// and takes half a minute. Its zlib form is DEFLATE between two bytes and a checksum.
func dense(ctx context.Context, data []byte) ([]byte, error) {
	cmd := exec.CommandContext(ctx, python(), "-c", "import sys, zopfli.zopfli as z; sys.stdout.buffer.write(z.compress(sys.stdin.buffer.read(), numiterations=5))")
	var out, told bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &told
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("zopfli by %s: %w: %s; run make tools first", python(), err, told.Bytes())
	}
	const head, tail = 2, 4
	if out.Len() <= head+tail {
		return nil, fmt.Errorf("zopfli gave %d bytes", out.Len())
	}
	return out.Bytes()[head : out.Len()-tail], nil
}

// python is the one that has the package: make's, in this work tree or, for a release's
// checkout, in the one that RECOVERY_PYTHON names.
func python() string {
	if p := os.Getenv("RECOVERY_PYTHON"); p != "" {
		return p
	}
	return ".tools/venv/bin/python"
}

// unpack is the executable in a zip, which is to be as pack makes it but for its density.
func unpack(data []byte) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("zip: %w", err)
	}
	if len(z.File) != 1 {
		return nil, fmt.Errorf("%d files in the zip, want %s alone", len(z.File), name)
	}
	f := z.File[0]
	if f.Name != name || f.Mode() != mode || !f.Modified.Equal(epoch) {
		return nil, fmt.Errorf("the zip holds %s, mode %v, of %v; want %s, %v, of %v", f.Name, f.Mode(), f.Modified, name, os.FileMode(mode), epoch)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}
