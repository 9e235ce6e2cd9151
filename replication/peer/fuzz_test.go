package peer

import (
	"bytes"
	"reflect"
	"testing"
)

func FuzzFrame(f *testing.F) {
	f.Add(frame{typ: frameRequest, kind: 1, group: 2, id: 3, size: 4, data: []byte("data")}.encode())
	f.Add([]byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		n, err := readLength(r)
		if err != nil {
			return
		}
		got, err := readFrame(r, n)
		if err != nil {
			return
		}
		if again := got.encode(); !bytes.Equal(again, b[:len(again)]) {
			t.Errorf("%x was read as %+v and is written as %x", b, got, again)
		}
	})
}

func FuzzHello(f *testing.F) {
	var b bytes.Buffer
	if err := writeHello(&b, hello{Store: "s", Node: "n", Addrs: map[string]string{"a": "b"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readHello(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if writeHello(&out, h) != nil {
			return // escaping has made it too large
		}
		if again, err := readHello(&out); err != nil || !reflect.DeepEqual(again, h) && len(again.Addrs) != 0 {
			t.Errorf("%+v came back as %+v, %v", h, again, err)
		}
	})
}
