package text

import "strings"

// Synonyms returns groups of words that mean the same to shoppers, for a BCP 47
// locale. They are the general words of shop catalogues; what is special to a
// shop is for the shop to say.
func Synonyms(locale string) [][]string {
	name, _, _ := strings.Cut(strings.ToLower(locale), "-")
	var groups [][]string
	for line := range strings.Lines(synonymLines(name)) {
		var group []string
		for phrase := range strings.SplitSeq(strings.TrimSpace(line), ",") {
			group = append(group, strings.TrimSpace(phrase))
		}
		if len(group) > 1 {
			groups = append(groups, group)
		}
	}
	return groups
}

func synonymLines(language string) string {
	switch language {
	case "en":
		return synonymsEN
	case "de":
		return synonymsDE
	}
	return ""
}

const synonymsEN = `
laptop, notebook
tv, television
mobile phone, cell phone, cellphone, smartphone, handphone
earphone, earbud, headphone, in-ear
usb stick, usb flash drive, flash drive, thumb drive, pen drive, memory stick
hard drive, hard disk, hdd
solid state drive, ssd
power bank, external battery, portable charger
battery, accumulator
bag, carry case, carrying case
backpack, rucksack
monitor, computer display, computer screen
projector, beamer
mouse pad, mouse mat, mousepad
webcam, web camera
camcorder, video camera
fridge, refrigerator
vacuum, vacuum cleaner, hoover
couch, sofa
trousers, pants
sneaker, trainer
jumper, sweater, pullover
t-shirt, tee
bike, bicycle
pram, stroller, pushchair
nappy, diaper
torch, flashlight
tap, faucet
cable, cord, lead
plug socket, power outlet
printer cartridge, ink cartridge
multifunction printer, all-in-one printer
wifi, wi-fi, wlan
colour, color
grey, gray
`

const synonymsDE = `
laptop, notebook
fernseher, tv, fernsehgerät
handy, smartphone, mobiltelefon
kopfhörer, ohrhörer
usb stick, speicherstick
festplatte, hdd
drucker, printer
bildschirm, monitor, display
beamer, projektor
rucksack, backpack
akku, batterie
kühlschrank, kühlgerät
staubsauger, sauger
sofa, couch
fahrrad, rad
`
