package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 names a bucket of a service that speaks S3.
type S3 struct {
	Bucket   string
	Endpoint string // http://host:9000; empty for Amazon's
	Region   string
	Prefix   string // before every key, such as "envshare/"
	Secrets  Secrets
}

// Bucket keeps blobs in a bucket.
type Bucket struct {
	client *minio.Client
	name   string
	prefix string
}

// partSize is what an upload holds in memory.
const partSize = 16 << 20

// OpenS3 opens a bucket, which must exist.
func OpenS3(ctx context.Context, s S3) (*Bucket, error) {
	endpoint, secure := "s3.amazonaws.com", true
	if s.Endpoint != "" {
		u, err := url.Parse(s.Endpoint)
		if err != nil || u.Host == "" {
			return nil, errors.New("storage address: endpoint is http://host:port or https://host")
		}
		endpoint, secure = u.Host, u.Scheme == "https"
	}
	client, err := minio.New(endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(s.Secrets.AccessKey, s.Secrets.SecretKey, ""), Secure: secure, Region: s.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	exists, err := client.BucketExists(ctx, s.Bucket)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if !exists {
		return nil, fmt.Errorf("storage: there is no bucket %s", s.Bucket)
	}
	return &Bucket{client, s.Bucket, s.Prefix}, nil
}

// Put implements Store. An upload that breaks off leaves parts, which the
// service's own rules clear away.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	sum := sha256.New()
	done, err := b.client.PutObject(ctx, b.name, b.prefix+key, io.TeeReader(r, sum), -1,
		minio.PutObjectOptions{PartSize: partSize, ContentType: "application/octet-stream"})
	if err != nil {
		return Info{}, fmt.Errorf("store blob: %w", err)
	}
	return Info{Key: key, Size: done.Size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Open implements Store.
func (b *Bucket) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if length == 0 {
		return io.NopCloser(strings.NewReader("")), nil
	}
	options := minio.GetObjectOptions{}
	end := int64(0)
	if length > 0 {
		end = offset + length - 1
	}
	if offset > 0 || length > 0 {
		if err := options.SetRange(offset, end); err != nil {
			return nil, fmt.Errorf("open blob: %w", err)
		}
	}
	body, _, _, err := minio.Core{Client: b.client}.GetObject(ctx, b.name, b.prefix+key, options)
	switch code := minio.ToErrorResponse(err).Code; {
	case err == nil:
		return body, nil
	case code == minio.NoSuchKey:
		return nil, ErrNotFound
	case code == "InvalidRange":
		return io.NopCloser(strings.NewReader("")), nil
	}
	return nil, fmt.Errorf("open blob: %w", err)
}

// Delete implements Store.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := b.client.RemoveObject(ctx, b.name, b.prefix+key, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// List implements Store.
func (b *Bucket) List(ctx context.Context, visit func(Info) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for object := range b.client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if object.Err != nil {
			return fmt.Errorf("list blobs: %w", object.Err)
		}
		if err := visit(Info{Key: strings.TrimPrefix(object.Key, b.prefix), Size: object.Size, At: object.LastModified}); err != nil {
			return err
		}
	}
	return nil
}
