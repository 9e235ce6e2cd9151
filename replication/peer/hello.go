package peer

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/keelshop/commerce/fault"
)

// hello is what both sides of a connection say first.
type hello struct {
	Store       string            `json:"store"`
	Node        string            `json:"node"` // who speaks
	To          string            `json:"to"`   // who is meant; "" when that is not known yet
	Incarnation uint64            `json:"incarnation"`
	Boot        string            `json:"boot"`
	Addr        string            `json:"addr"`            // where the speaker listens; "" when it does not
	Addrs       map[string]string `json:"addrs,omitempty"` // of the nodes it knows
	Info        map[string]string `json:"info,omitempty"`  // see TCPConfig.Info
	Refused     string            `json:"refused,omitempty"`
	Stream      bool              `json:"stream,omitempty"` // one request with a body, then the end
	Lane        byte              `json:"lane,omitempty"`   // of the requests
}

const (
	magic    = "commerce\x01"
	maxHello = 64 << 10
)

func writeHello(w io.Writer, h hello) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(data) > maxHello {
		return fault.New(fault.Invalid, "a greeting of %d bytes is larger than the limit of %d", len(data), maxHello)
	}
	b := append([]byte(magic), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(b[len(magic):], uint32(len(data)))
	_, err = w.Write(append(b, data...))
	return err
}

func readHello(r io.Reader) (hello, error) {
	head := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, head); err != nil {
		return hello{}, err
	}
	if string(head[:len(magic)]) != magic {
		return hello{}, fault.New(fault.Invalid, "this is not a node of a store, or one of another version")
	}
	n := binary.BigEndian.Uint32(head[len(magic):])
	if n > maxHello {
		return hello{}, fault.New(fault.Invalid, "a greeting of %d bytes is larger than the limit of %d", n, maxHello)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return hello{}, err
	}
	var h hello
	if err := json.Unmarshal(data, &h); err != nil {
		return hello{}, fault.Wrap(fault.Invalid, err, "reading a greeting")
	}
	return h, nil
}

// NodeURI is how a certificate names a node: a subject alternative name of type URI.
func NodeURI(node string) *url.URL { return &url.URL{Scheme: "urn", Opaque: "commerce:node:" + node} }

// CertifiedNode returns the node that a certificate names, "" when it names none.
func CertifiedNode(cert *x509.Certificate) string {
	const prefix = "urn:commerce:node:"
	for _, u := range cert.URIs {
		if s := u.String(); len(s) > len(prefix) && s[:len(prefix)] == prefix {
			return s[len(prefix):]
		}
	}
	return ""
}

// verify checks the other side's chain against roots. Names are no host names, so crypto/tls cannot do it.
func verify(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return errors.New("the other side has no certificate")
		}
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		return err
	}
}

// certified checks that the one who speaks is the node its certificate names.
func certified(s tls.ConnectionState, h hello) error {
	if name := CertifiedNode(s.PeerCertificates[0]); name != h.Node {
		return fmt.Errorf("it calls itself %s and has the certificate of %q", h.Node, name)
	}
	return nil
}
