package interchange

import (
	"errors"
	"io"
)

// groups yields the rows of a table by product: rows that follow each other
// and belong together by what belongs says of the first and a further one.
func groups(t *table, belongs func(first, next *row) bool, yield func([]*row, error) bool) {
	var rows []*row
	for {
		w, err := t.next()
		if errors.Is(err, io.EOF) {
			if len(rows) > 0 {
				yield(rows, nil)
			}
			return
		}
		if err != nil {
			if len(rows) == 0 || yield(rows, nil) {
				yield(nil, err)
			}
			return
		}
		if len(rows) > 0 && !belongs(rows[0], w) {
			if !yield(rows, nil) {
				return
			}
			rows = nil
		}
		if len(rows) >= maxRows {
			yield(nil, errTooManyRows(rows[0].line))
			return
		}
		rows = append(rows, w)
	}
}

// read makes the records of a table whose products are groups of rows.
func read(t *table, f Format, belongs func(first, next *row) bool, build func(*record)) records {
	return func(yield func(*record, error) bool) {
		groups(t, belongs, func(rows []*row, err error) bool {
			if err != nil {
				yield(nil, err)
				return false
			}
			r := &record{line: rows[0].line, rows: rows}
			build(r)
			if err := r.finish(f); err != nil {
				yield(nil, err)
				return false
			}
			return yield(r, nil)
		})
	}
}
