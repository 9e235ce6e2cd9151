package ndcg_test

import (
	"bytes"
	"compress/gzip"
	"math"
	"strings"
	"testing"

	"github.com/keelshop/commerce/internal/ndcg"
)

const file = "query_id,query,product_id,rating\n7,mug,a,3\n7,mug,b,0\n9,cup,a,0\n7,mug,c,1\n"

func TestRead(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(file))
	z.Close()
	for name, text := range map[string]string{"plain": file, "gzip": packed.String()} {
		list, err := ndcg.Read(strings.NewReader(text))
		if err != nil || len(list) != 2 || list[0].Text != "mug" || list[0].Ratings["c"] != 1 || list[1].Rated() || !list[0].Rated() {
			t.Errorf("%s: got %+v, %v", name, list, err)
		}
	}
	for _, bad := range []string{"", "a,b\n", strings.Replace(file, ",3\n", ",4\n", 1), strings.Replace(file, ",3\n", ",x\n", 1), file + "1,2\n"} {
		if _, err := ndcg.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestScore(t *testing.T) {
	q := ndcg.Query{Ratings: map[string]int{"a": 3, "b": 2, "c": 0}}
	ideal := 7 + 3/math.Log2(3)
	for _, test := range []struct {
		results     string
		all, judged float64
	}{
		{"a b", 1, 1},
		{"a b c", 1, 1},
		{"", 0, 0},
		{"x a b", (7/math.Log2(3) + 3/2.0) / ideal, 1},
		{"c b a", (3/math.Log2(3) + 7/2.0) / ideal, (3/math.Log2(3) + 7/2.0) / ideal},
		{"x x x x x x x x x x a b", 0, 1},
	} {
		all, judged := q.Score(strings.Fields(test.results))
		if math.Abs(all-test.all) > 1e-9 || math.Abs(judged-test.judged) > 1e-9 {
			t.Errorf("%q: got %v and %v, want %v and %v", test.results, all, judged, test.all, test.judged)
		}
	}
}
