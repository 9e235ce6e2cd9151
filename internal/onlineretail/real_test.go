package onlineretail_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keelshop/commerce/internal/onlineretail"
)

// realFile is the data set itself. It is not part of the project.
const realFile = "../../../shared/data/online-retail/online_retail.csv.gz"

func openReal(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Open(realFile)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the UCI data set Online Retail is not beside this checkout: want it at %s", realFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRealTMP(t *testing.T) {
	var m0, m1 runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m0)
	t0 := time.Now()
	plan, err := onlineretail.NewPlan(openReal(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(t0))
	runtime.GC()
	runtime.ReadMemStats(&m1)
	t.Log((m1.HeapAlloc-m0.HeapAlloc)>>20, "MB")
	o := plan.NewOutcome()
	multi, lines, maxops := 0, 0, 0
	for _, s := range plan.Sequences {
		maxops = max(maxops, len(s.Operations))
		for _, op := range s.Operations {
			if op.Place != nil {
				o.Placed(op.Place, "ord_"+op.Key())
				lines += len(op.Place.Lines)
				continue
			}
			for _, l := range op.Return.Lines {
				if len(l.From) > 1 {
					multi++
				}
			}
			o.Returned(op.Return)
		}
	}
	s, err := o.Summary(time.Since(t0))
	if err != nil {
		t.Fatal(err)
	}
	j, _ := json.Marshal(s)
	t.Log(string(j))
	var b bytes.Buffer
	t1 := time.Now()
	o.WriteReport(&b)
	t.Log(time.Since(t1), b.Len(), multi, lines, len(plan.Sequences), maxops, len(plan.Products), plan.Operations())
	_ = csv.NewReader
	_ = fmt.Sprint
	_ = maps.Keys(map[int]int{})
	_ = slices.Sort([]int{})
	_ = strings.Cut
	os.WriteFile("/tmp/orx/report.csv", b.Bytes(), 0o644)
}
