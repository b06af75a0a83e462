// Package blob keeps the bytes of files under opaque keys: on a local disk, or in
// a service that speaks S3.
//
// It knows disks and buckets. It must not know who owns a file, its name or its
// address.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// ErrNotFound says that there is no blob under a key.
var ErrNotFound = errors.New("blob not found")

// Info describes a blob.
type Info struct {
	Key    string
	Size   int64
	SHA256 string    // lower-case hexadecimal; set by Put
	At     time.Time // when it was stored; set by List
}

// Store keeps blobs. Keys are letters, digits and hyphens, 4 to 64 of them; a
// blob is never changed, so a reader always sees all of one.
type Store interface {
	// Put stores what r gives, durably when it returns. When it fails nothing is
	// left behind.
	Put(ctx context.Context, key string, r io.Reader) (Info, error)
	// Open reads length bytes from offset on, fewer at the end; a negative length
	// means to the end.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)
	// Delete removes a blob; none is no error.
	Delete(ctx context.Context, key string) error
	// List visits all blobs until visit returns an error, which it returns.
	List(ctx context.Context, visit func(Info) error) error
}

// Secrets are the keys of an S3 service.
type Secrets struct{ AccessKey, SecretKey string }

// Open opens the store that an address names: a folder, or
// s3://bucket?endpoint=http://host:9000&region=…&prefix=…
func Open(ctx context.Context, address string, s Secrets) (Store, error) {
	if !strings.HasPrefix(address, "s3://") {
		return OpenLocal(address)
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("storage address: %w", err)
	}
	q := u.Query()
	return OpenS3(ctx, S3{
		Bucket: u.Host, Endpoint: q.Get("endpoint"), Region: q.Get("region"), Prefix: q.Get("prefix"), Secrets: s,
	})
}

// checkKey refuses keys that could mean something to a file system.
func checkKey(key string) error {
	if len(key) < 4 || len(key) > 64 {
		return fmt.Errorf("blob key of %d bytes", len(key))
	}
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return errors.New("blob key with a forbidden character")
		}
	}
	return nil
}
