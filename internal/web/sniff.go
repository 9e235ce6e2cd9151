package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
)

// MediaType returns the media type of a file by its first bytes, and leaves the
// file at its beginning. A page is plain text: what somebody has uploaded is
// never a page of the shop's.
func MediaType(file io.ReadSeeker) (string, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	kind := http.DetectContentType(head[:n])
	switch {
	case bytes.Contains(head[:n], []byte("<svg")):
		return "image/svg+xml", nil
	case strings.HasPrefix(kind, "text/html"):
		return "text/plain; charset=utf-8", nil
	}
	return kind, nil
}
