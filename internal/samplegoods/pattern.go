package samplegoods

import (
	"bytes"
	"fmt"
	"strings"
)

// beanie is a knitting pattern: what the digital good of the sample shop is.
var beanie = []string{
	"Harbour beanie - a knitting pattern",
	"",
	"One size, for heads of 54 to 60 cm.",
	"",
	"You need: 100 g of worsted wool (200 m), a circular needle of 4.5 mm",
	"and 40 cm, five double-pointed needles of 4.5 mm, one stitch marker.",
	"Gauge: 18 stitches and 26 rounds are 10 x 10 cm in stocking stitch.",
	"",
	"Brim: cast on 88 stitches, join without twisting, place the marker.",
	"Knit 2, purl 2 until the brim is 7 cm high.",
	"",
	"Body: knit every round until the work is 18 cm from the edge.",
	"",
	"Crown: change to double-pointed needles when the circle gets tight.",
	"Round 1: (knit 9, knit 2 together) 8 times. 80 stitches.",
	"Round 2 and every even round: knit.",
	"Round 3: (knit 8, knit 2 together) 8 times. 72 stitches.",
	"Go on like this, one stitch less between decreases, to 16 stitches.",
	"Last round: knit 2 together 8 times. 8 stitches.",
	"",
	"Cut the yarn, draw it through the stitches twice, and weave in the ends.",
	"Wash it by hand and dry it on a bowl.",
}

// pdf writes lines of plain ASCII onto one page of A4, by ISO 32000-1.
func pdf(lines []string) string {
	var page strings.Builder
	page.WriteString("BT /F1 11 Tf 16 TL 64 780 Td\n")
	escape := strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`)
	for _, l := range lines {
		fmt.Fprintf(&page, "(%s) Tj T*\n", escape.Replace(l))
	}
	page.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.String()
}
