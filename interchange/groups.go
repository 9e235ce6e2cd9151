package interchange

import (
	"errors"
	"io"

	"github.com/keelshop/commerce/fault"
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

// mostHeldRows bounds a file whose rows must be held in memory, since those of
// one product may stand far from each other.
const mostHeldRows = 500_000

// gather reads all rows of a table and returns them by product, in the order in
// which the products' first rows come. product is asked when all rows are known.
func gather(t *table, see func(*row), product func(*row) string) ([][]*row, error) {
	var all []*row
	for {
		w, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && len(all) >= mostHeldRows {
			err = fault.New(fault.Invalid, "the file has more than %d rows: split it", mostHeldRows)
		}
		if err != nil {
			return nil, err
		}
		see(w)
		all = append(all, w)
	}
	var out [][]*row
	index := map[string]int{}
	for _, w := range all {
		name := product(w)
		i, seen := index[name]
		if !seen {
			i = len(out)
			index[name] = i
			out = append(out, nil)
		}
		if len(out[i]) >= maxRows {
			return nil, errTooManyRows(out[i][0].line)
		}
		out[i] = append(out[i], w)
	}
	return out, nil
}

// readGathered is read for tables that have to be gathered.
func readGathered(t *table, f Format, see func(*row), product func(*row) string, build func(*record)) records {
	return func(yield func(*record, error) bool) {
		all, err := gather(t, see, product)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, rows := range all {
			r := &record{line: rows[0].line, rows: rows}
			build(r)
			if err := r.finish(f); err != nil {
				yield(nil, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
