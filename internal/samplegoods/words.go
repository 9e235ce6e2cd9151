package samplegoods

// german are the words of options and attributes. Those that are missing, such
// as sizes, are the same in both languages.
var german = map[string]string{
	"Colour": "Farbe", "Size": "Größe", "Volume": "Inhalt", "Weight": "Gewicht", "Grind": "Mahlgrad", "Flavour": "Sorte", "Scent": "Duft",
	"Pine": "Kiefer", "Oat": "Hafer", "Clay": "Ton", "Fog": "Nebel", "Ink": "Tinte", "Mustard": "Senf", "Rose": "Rosé",
	"Charcoal": "Kohle", "Snow": "Schnee", "Moss": "Moos", "Rust": "Rost", "Sky": "Himmel", "Plum": "Pflaume", "Cherry": "Kirsche",
	"Small": "Klein", "Medium": "Mittel", "Large": "Groß",
	"Whole bean": "Ganze Bohne", "Plain": "Pur", "Sea salt": "Meersalz",
	"Strawberry": "Erdbeere", "Blackcurrant": "Johannisbeere", "Apricot": "Aprikose",
	"Rosemary": "Rosmarin", "Lemon": "Zitrone", "Lavender": "Lavendel",
	"Material": "Material", "Stoneware": "Steinzeug", "Glass": "Glas", "Oak": "Eiche", "Beech": "Buche", "Steel": "Stahl",
	"Enamel": "Email", "Cast iron": "Gusseisen", "Linen": "Leinen", "Wool": "Wolle", "Beeswax": "Bienenwachs", "Terracotta": "Terrakotta",
	"Seagrass": "Seegras", "Plant oils": "Pflanzenöle", "Merino": "Merinowolle", "Lambswool": "Lammwolle", "Organic cotton": "Biobaumwolle",
	"Waxed canvas": "Gewachstes Segeltuch", "Leather": "Leder", "Polycotton": "Mischgewebe", "Black tea": "Schwarzer Tee", "Herbs": "Kräuter",
	"Honey": "Honig", "Olives": "Oliven", "Salt": "Salz", "Cocoa": "Kakao", "Fruit": "Frucht", "Oats": "Hafer", "Rye": "Roggen",
}

// words returns the words of a good's options and attributes in German.
func (g good) words() map[string]string {
	out := map[string]string{}
	add := func(words ...string) {
		for _, w := range words {
			if de, ok := german[w]; ok {
				out[w] = de
			}
		}
	}
	add("Material")
	add(g.material...)
	for _, c := range g.options {
		add(c.name)
		add(c.values...)
	}
	return out
}
