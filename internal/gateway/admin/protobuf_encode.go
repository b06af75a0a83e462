package admin

import "google.golang.org/protobuf/encoding/protowire"

// CommOpenAPIResp is the protobuf answer of wx.openApi (admin protocol, section
// 11). The zero value is a success without content.
type CommOpenAPIResp struct {
	Data            []byte
	ContentType     string // application/json makes the SDK parse Data
	ErrorCode       int32  // not 0: the SDK rejects with this errCode
	HTTPCode        uint32
	Headers         []HTTPHeader
	SvrkitErrorCode int32
}

// HTTPHeader is one header of the answer that an openapi call got.
type HTTPHeader struct {
	Key   string
	Value string
}

// Marshal encodes r as the SDK decodes it.
func (r CommOpenAPIResp) Marshal() []byte {
	b := appendBytes(nil, 1, r.Data)
	b = appendBytes(b, 2, r.ContentType)
	b = appendVarint(b, 3, uint64(int64(r.ErrorCode)))
	b = appendVarint(b, 4, uint64(r.HTTPCode))
	for _, h := range r.Headers {
		b = appendMessage(b, 5, appendBytes(appendBytes(nil, 1, h.Key), 2, h.Value))
	}
	return appendVarint(b, 6, uint64(int64(r.SvrkitErrorCode)))
}

// AuthorizationInfo is the credential that getCrossAccountToken returns in
// CommOpenAPIResp.Data (admin protocol, section 12). Without SecretID and
// SecretKey wx-server-sdk 4 ends the process of its caller.
type AuthorizationInfo struct {
	SecretID  string
	SecretKey string
	Token     string // comes back as the parameter sessionToken
	WXParam   []byte // opaque; comes back inside crossAuthorizationToken
}

// Marshal encodes a as the SDK decodes it.
func (a AuthorizationInfo) Marshal() []byte {
	credentials := appendBytes(nil, 1, a.SecretID)
	credentials = appendBytes(credentials, 2, a.SecretKey)
	credentials = appendBytes(credentials, 3, a.Token)
	return appendBytes(appendMessage(nil, 1, credentials), 2, a.WXParam)
}

// appendBytes appends a text or bytes field; proto3 leaves empty ones out.
func appendBytes[T string | []byte](b []byte, number protowire.Number, value T) []byte {
	if len(value) == 0 {
		return b
	}
	return append(protowire.AppendVarint(protowire.AppendTag(b, number, protowire.BytesType), uint64(len(value))), value...)
}

// appendMessage appends an embedded message, which is present even when empty.
func appendMessage(b []byte, number protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), message)
}

// appendVarint appends an integer field; proto3 leaves zeros out. A negative
// int32 must arrive here extended to 64 bits.
func appendVarint(b []byte, number protowire.Number, value uint64) []byte {
	if value == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), value)
}
