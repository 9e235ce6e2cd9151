package commerce
import (
_ "modernc.org/sqlite/lib"
_ "modernc.org/sqlite"
_ "github.com/hashicorp/raft"
_ "github.com/dgraph-io/ristretto/v2"
_ "github.com/oklog/ulid/v2"
_ "golang.org/x/crypto/chacha20poly1305"
_ "github.com/fxamacker/cbor/v2"
_ "pgregory.net/rapid"
_ "github.com/cespare/xxhash/v2"
_ "github.com/hashicorp/go-hclog"
)
