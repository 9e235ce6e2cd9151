package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/keelshop/commerce/internal/onlineretail"
)

// reportFile is the file that --report names. It is made beside its place
// before the work begins, so that a bad path is noticed then, and moved there
// when it is complete. A nil *reportFile is no report.
type reportFile struct {
	path string
	file *os.File
}

func newReportFile(path string) (*reportFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path + ".part")
	if err != nil {
		return nil, fmt.Errorf("making the report: %w", err)
	}
	return &reportFile{path: path, file: f}, nil
}

// write writes the whole report and puts it in its place.
func (r *reportFile) write(o *onlineretail.Outcome) error {
	if r == nil {
		return nil
	}
	buffered := bufio.NewWriterSize(r.file, 1<<16)
	err := o.WriteReport(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err = errors.Join(err, r.file.Close()); err == nil {
		err = os.Rename(r.file.Name(), r.path)
	}
	if err != nil {
		return fmt.Errorf("writing the report %s: %w", r.path, err)
	}
	r.file = nil
	return nil
}

// discard removes a report that was not completed.
func (r *reportFile) discard() {
	if r == nil || r.file == nil {
		return
	}
	r.file.Close()
	os.Remove(r.file.Name())
}
