package samplegoods

import (
	"embed"
	"fmt"
	"html"
	"strings"
)

//go:embed pictures/*.svg
var drawings embed.FS

// paint is what a drawing is coloured with. Colours are 0xRRGGBB.
type paint struct {
	main, accent, back int
	label              string // what is written on it; "" if nothing can be
}

const (
	ink   = 0x2b2f33
	cream = 0xfbf6ea
)

const shadow = `<ellipse cx="420" cy="656" rx="330" ry="44" fill="url(#shadow)"/>`

// picture returns a drawing in its colours, on a ground with a soft shadow, as
// an SVG file of 800 × 800.
func picture(drawing string, p paint) string {
	return svg("0 0 800 800", p.back, shadow+figure(drawing, p, ""))
}

// closeUp returns the middle of a drawing, enlarged, on a ground of its own
// colour.
func closeUp(drawing string, p paint) string {
	p.back = mix(p.main, 0xffffff, 72)
	return svg("205 215 400 400", p.back, shadow+figure(drawing, p, ""))
}

// family returns one drawing in several colours, side by side.
func family(drawing string, paints []paint) string {
	var b strings.Builder
	n := len(paints)
	percent := 70 - 8*min(n, 4)
	for i, p := range paints {
		center, foot := 400+(2*i-n+1)*720/(2*n), 690-i%2*50
		place(&b, figure(drawing, p, fmt.Sprint("f", i)), center, foot, percent)
	}
	return svg("0 0 800 800", paints[0].back, b.String())
}

// stillLife returns three goods of a shelf together.
func stillLife(s shelf) string {
	var b strings.Builder
	for i, at := range [][3]int{{210, 610, 54}, {590, 620, 52}, {400, 720, 56}} {
		g := s.goods[i*len(s.goods)/3]
		_, paints := g.paintNames()
		place(&b, figure(g.drawing, paints[0], fmt.Sprint("s", i)), at[0], at[1], at[2])
	}
	return svg("0 60 800 700", s.goods[0].back, b.String())
}

// place draws a figure with its shadow: its middle at center, its foot at
// foot, and percent of its size.
func place(b *strings.Builder, figure string, center, foot, percent int) {
	fmt.Fprintf(b, `<g transform="translate(%d %d) scale(.%02d)">%s%s</g>`,
		center-4*percent, foot-656*percent/100, percent, shadow, figure)
}

// figure returns a drawing with its gradients and shadow. Names within one
// file must differ, which suffix sees to.
func figure(drawing string, p paint, suffix string) string {
	body, err := drawings.ReadFile("pictures/" + drawing + ".svg")
	if err != nil {
		panic("samplegoods: there is no drawing " + drawing) // the tests draw all of them
	}
	light, dark := mix(p.main, 0xffffff, 26), mix(p.main, 0x101418, 24)
	r := strings.NewReplacer(
		"{m}", hex(p.main), "{l}", hex(light), "{d}", hex(dark), "{a}", hex(p.accent), "{b}", hex(p.back),
		"{k}", hex(ink), "{w}", hex(cream), "{t}", html.EscapeString(p.label), "url(#", "url(#"+suffix,
	)
	defs := gradient("v", light, 0, p.main, 38, dark, 100) + gradient("w", 0xe0b27a, 0, 0xd19c60, 45, 0xb07c47, 100) +
		gradient("wd", 0xc08c53, 0, 0xa87340, 50, 0x8a5c31, 100) + gradient("st", 0xf2f5f6, 0, 0xc4ccd0, 45, 0x8c979d, 100) +
		gradient("bk", 0x555b5f, 0, 0x34393c, 45, 0x1d2022, 100) +
		`<linearGradient id="gl"><stop offset="0" stop-color="#fff" stop-opacity=".28"/><stop offset=".4" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".22"/></linearGradient>` +
		`<linearGradient id="sh" x2="1" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".2"/><stop offset="1" stop-color="#000" stop-opacity=".16"/></linearGradient>`
	return "<defs>" + strings.ReplaceAll(defs, `id="`, `id="`+suffix) + "</defs>" + r.Replace(string(body))
}

func gradient(name string, c1, at1, c2, at2, c3, at3 int) string {
	return fmt.Sprintf(`<linearGradient id="%s"><stop offset="%d%%" stop-color="%s"/><stop offset="%d%%" stop-color="%s"/><stop offset="%d%%" stop-color="%s"/></linearGradient>`,
		name, at1, hex(c1), at2, hex(c2), at3, hex(c3))
}

// svg puts a figure on its ground: a wall, a floor and a shadow.
func svg(viewBox string, back int, figure string) string {
	wall, corner, floor := mix(back, 0xffffff, 35), mix(back, 0x1a1410, 5), mix(back, 0x1a1410, 9)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="%s" width="800" height="800">`+
		`<defs><radialGradient id="wall" cx=".38" cy=".3" r=".9"><stop offset="0" stop-color="%s"/><stop offset="1" stop-color="%s"/></radialGradient>`+
		`<linearGradient id="floor" x2="0" y2="1"><stop offset="0" stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>`+
		`<radialGradient id="shadow"><stop offset="0" stop-color="#20160c" stop-opacity=".34"/><stop offset="1" stop-color="#20160c" stop-opacity="0"/></radialGradient></defs>`+
		`<rect width="800" height="800" fill="url(#wall)"/><rect y="590" width="800" height="210" fill="url(#floor)"/>`+
		`%s</svg>`,
		viewBox, hex(wall), hex(corner), hex(floor), hex(corner), figure)
}

// mix returns a with percent of b in it.
func mix(a, b, percent int) int {
	out := 0
	for shift := 16; shift >= 0; shift -= 8 {
		x, y := a>>shift&0xff, b>>shift&0xff
		out |= (x + (y-x)*percent/100) << shift
	}
	return out
}

func hex(c int) string { return fmt.Sprintf("#%06x", c) }
