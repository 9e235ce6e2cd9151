package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/keelshop/commerce/fault"
)

// Files returns credentials that are read from PEM files each time they are needed: certificates are replaced by
// replacing the files, and connections made from then on use the new ones. While certificate and key do not belong
// together, because one of the two is not replaced yet, those that were read before are used.
func Files(cert, key, authorities string) Credentials {
	var last atomic.Pointer[tls.Certificate]
	return func() (tls.Certificate, *x509.CertPool, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if before := last.Load(); err != nil && before != nil {
			pair, err = *before, nil
		}
		if err != nil {
			return tls.Certificate{}, nil, err
		}
		last.Store(&pair)
		data, err := os.ReadFile(authorities)
		if err != nil {
			return tls.Certificate{}, nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(data) {
			return tls.Certificate{}, nil, fault.New(fault.Invalid, "%s holds no certificate", authorities)
		}
		return pair, roots, nil
	}
}

// An Authority issues certificates to nodes. It is meant for development and for clusters without an authority of
// their own.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority whose own certificate is valid from now on for the given time.
func NewAuthority(now time.Time, valid time.Duration) (*Authority, error) {
	template := certificate("commerce cluster", now, valid)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	cert, key, err := sign(template, nil)
	if err != nil {
		return nil, err
	}
	return &Authority{cert, key}, nil
}

// ReadAuthority reads what [Authority.PEM] returned.
func ReadAuthority(certPEM, keyPEM []byte) (*Authority, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the authority")
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fault.New(fault.Invalid, "the authority's key is not an ECDSA key")
	}
	return &Authority{pair.Leaf, key}, nil
}

// PEM returns the authority's certificate and its private key.
func (a *Authority) PEM() (cert, key []byte, err error) { return encode(a.cert.Raw, a.key) }

// Issue makes a certificate for a node.
func (a *Authority) Issue(node string, now time.Time, valid time.Duration) (cert, key []byte, err error) {
	template := certificate(node, now, valid)
	template.URIs = []*url.URL{NodeURI(node)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	issued, private, err := sign(template, a)
	if err != nil {
		return nil, nil, err
	}
	return encode(issued.Raw, private)
}

// Credentials returns a certificate for a node as [TCPConfig] wants it.
func (a *Authority) Credentials(node string) Credentials {
	return func() (tls.Certificate, *x509.CertPool, error) {
		certPEM, keyPEM, err := a.Issue(node, time.Now(), 24*time.Hour)
		if err != nil {
			return tls.Certificate{}, nil, err
		}
		pair, err := tls.X509KeyPair(certPEM, keyPEM)
		roots := x509.NewCertPool()
		roots.AddCert(a.cert)
		return pair, roots, err
	}
}

func certificate(name string, now time.Time, valid time.Duration) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(valid), // clocks differ
	}
}

// sign makes a certificate with a new key, signed by an authority or, without one, by itself.
func sign(template *x509.Certificate, by *Authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Broken, err, "making a key")
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, nil, fault.Wrap(fault.Broken, err, "making a serial number")
	}
	if by == nil {
		by = &Authority{template, key}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Broken, err, "signing a certificate")
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Broken, err, "reading a certificate just made")
	}
	return cert, key, nil
}

func encode(raw []byte, key *ecdsa.PrivateKey) (certPEM, keyPEM []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Broken, err, "encoding a key")
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	return certPEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
