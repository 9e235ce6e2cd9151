package samplegoods

// colours are those that goods come in, by name.
var colours = map[string]int{
	"Pine": 0x2f5d50, "Oat": 0xe2d3b8, "Clay": 0xc4694a, "Fog": 0x9fb1b8, "Ink": 0x2b3a4a, "Mustard": 0xd9a441,
	"Rose": 0xcf9390, "Charcoal": 0x4a4d50, "Snow": 0xf1ece1, "Moss": 0x7a8450, "Rust": 0xa6502f, "Sky": 0x86aec6,
	"Plum": 0x6d4059, "Cherry": 0xa83a44,
	// What goods are coloured by that come in one colour only.
	"Honey": 0xe0962a, "Olive": 0x8f9a3c, "Cocoa": 0x5a3a2c, "Jam red": 0xa3293b, "Blackcurrant": 0x4f2748,
	"Apricot": 0xe08f3f, "Elder": 0xe9e3a6, "Brass": 0xc7a35a, "Wood": 0xcfa06a, "Steel": 0xb4bec4, "Seagrass": 0xc9b083,
}

// Grounds that pictures stand on.
const (
	sand   = 0xefe6d8
	sage   = 0xdfe6dc
	mist   = 0xdde6ea
	blush  = 0xf1dfd8
	butter = 0xf3e8cc
	lilac  = 0xe5e0ea
)
