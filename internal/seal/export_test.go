package seal

// RecodeKeyFile decodes the content of a key file and encodes it again.
func RecodeKeyFile(data []byte) ([]byte, error) {
	keys, err := decodeKeys(data)
	if err != nil {
		return nil, err
	}
	return keys.encode(), nil
}
