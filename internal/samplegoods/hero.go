package samplegoods

import (
	"fmt"
	"strings"
)

// Hero returns the picture at the top of the sample shop: goods of several
// shelves on one table.
func Hero() string {
	var b strings.Builder
	for i, h := range []struct {
		drawing, colour   string
		center, foot, big int
	}{
		{"lantern", "Mustard", 110, 600, 58}, {"vase", "Clay", 1010, 600, 66}, {"backpack", "Pine", 770, 618, 72},
		{"teapot", "Ink", 420, 650, 62}, {"blanket", "Rust", 1060, 730, 52}, {"mug", "Oat", 640, 745, 46}, {"board", "Wood", 215, 770, 48}, {"knife", "Steel", 860, 770, 34},
	} {
		place(&b, figure(h.drawing, paint{main: colours[h.colour], accent: 0xc4694a, back: sand}, fmt.Sprint("h", i)), h.center, h.foot, h.big)
	}
	wide := strings.NewReplacer(`<rect width="800" height="800"`, `<rect width="1200" height="800"`,
		`<rect y="590" width="800" height="210"`, `<rect y="540" width="1200" height="260"`, `width="800" height="800">`, `width="1200" height="800">`)
	return wide.Replace(svg("0 0 1200 800", sand, b.String()))
}
