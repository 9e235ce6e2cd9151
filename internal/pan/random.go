package pan

// Forms of names that machines draw, in which digits come together by chance.
const (
	uuidLength = 36
	ulidLength = 26
	hashLength = 32 // the shortest, in hexadecimal
)

// random reports whether s[from:to] is part of a UUID, of a ULID or of a hash
// in hexadecimal.
func random(s string, from, to int) bool {
	for i := max(0, to-uuidLength); i <= from && i+uuidLength <= len(s); i++ {
		if uuid(s[i : i+uuidLength]) {
			return true
		}
	}
	for from > 0 && alphanumeric(s[from-1]) {
		from--
	}
	for to < len(s) && alphanumeric(s[to]) {
		to++
	}
	word := s[from:to]
	return ulid(word) || hash(word)
}

func uuid(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case !hexadecimal(c):
			return false
		}
	}
	return true
}

// ulid reports whether word has the length of a ULID and letters as one.
func ulid(word string) bool {
	if len(word) != ulidLength || word[0] > '7' {
		return false
	}
	letters := false
	for i := range len(word) {
		letters = letters || !digit(word[i])
		if c := word[i]; c == 'I' || c == 'L' || c == 'O' || c == 'U' || c >= 'a' {
			return false
		}
	}
	return letters
}

func hash(word string) bool {
	letters := false
	for i := range len(word) {
		if !hexadecimal(word[i]) {
			return false
		}
		letters = letters || !digit(word[i])
	}
	return letters && len(word) >= hashLength
}

func hexadecimal(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func alphanumeric(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }
