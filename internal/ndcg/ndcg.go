// Package ndcg measures how good results are by people's ratings of them:
// normalized discounted cumulative gain of the first ten, with a gain of
// 2^rating − 1 and a discount of log2(rank + 1).
package ndcg

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// Depth is how many results count.
const Depth = 10

// Query is a text and what people think of products as results for it.
type Query struct {
	ID, Text string
	Ratings  map[string]int // by product, 0 to MaxRating
}

// MaxRating is the best rating.
const MaxRating = 3

// Read reads a CSV file, plain or compressed with gzip, with the columns
// query_id, query, product_id and rating. Queries come in their order in the
// file. An error names the line.
func Read(r io.Reader) ([]Query, error) {
	b := bufio.NewReader(r)
	var plain io.Reader = b
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		if plain, err = gzip.NewReader(b); err != nil {
			return nil, fmt.Errorf("reading labels: %w", err)
		}
	}
	rows := csv.NewReader(plain)
	rows.FieldsPerRecord = 4
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("reading labels: %w", err)
	}
	if want := []string{"query_id", "query", "product_id", "rating"}; !slices.Equal(head, want) {
		return nil, fmt.Errorf("reading labels: the columns are %q, not %q", head, want)
	}
	var list []Query
	at := map[string]int{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading labels: %w", err)
		}
		rating, err := strconv.Atoi(row[3])
		if err != nil || rating < 0 || rating > MaxRating {
			line, _ := rows.FieldPos(3)
			return nil, fmt.Errorf("reading labels: line %d: %q is no rating from 0 to %d", line, row[3], MaxRating)
		}
		i, ok := at[row[0]]
		if !ok {
			i = len(list)
			at[row[0]] = i
			list = append(list, Query{ID: row[0], Text: row[1], Ratings: map[string]int{}})
		}
		list[i].Ratings[row[2]] = rating
	}
}

// Rated reports whether any product has a rating above 0. Queries without one
// say nothing.
func (q Query) Rated() bool {
	for _, r := range q.Ratings {
		if r > 0 {
			return true
		}
	}
	return false
}

// Score returns the nDCG of results, best first: once with results that nobody
// judged counted as 0, and once with these taken out first. Results beyond the
// tenth matter to the second only.
func (q Query) Score(results []string) (all, judged float64) {
	var ideal, with, without []int
	for _, r := range q.Ratings {
		ideal = append(ideal, r)
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	for _, id := range results {
		rating, ok := q.Ratings[id]
		with = append(with, rating)
		if ok {
			without = append(without, rating)
		}
	}
	best := gain(ideal)
	if best == 0 {
		return 0, 0
	}
	return gain(with) / best, gain(without) / best
}

func gain(ratings []int) (sum float64) {
	for i, r := range ratings[:min(len(ratings), Depth)] {
		sum += (math.Exp2(float64(r)) - 1) / math.Log2(float64(i)+2)
	}
	return sum
}
