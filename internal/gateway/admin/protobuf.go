package admin

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrProtobuf says that bytes are not the protobuf message they should be.
var ErrProtobuf = errors.New("malformed protobuf message")

// maxPairs bounds the parameters of one openapi call; genuine calls have a few.
const maxPairs = 1024

// APIType says which member of CommAPIData holds the question.
type APIType int32

// The values of CommApiData.ApiType. Inner calls are never sent by an SDK.
const (
	OpenAPI   APIType = 0
	InnerAPI  APIType = 1
	SvrkitAPI APIType = 2
	TokenAPI  APIType = 3
)

// CommAPIData is the requestData of wx.openApi (admin protocol, section 11). Byte
// slices in it share memory with the message it was decoded from.
type CommAPIData struct {
	Type   APIType
	Pairs  []KeyValuePair // parameters of an openapi call
	Svrkit SvrkitAPIData
	Token  TokenAPIData
	AppID  string // set by cloud.openapi({appid})
}

// KeyValuePair is one parameter of an openapi call. Value is JSON text, or the
// bytes of a file when FileName is set.
type KeyValuePair struct {
	Key         string
	Value       []byte
	ContentType string
	FileName    string
}

// SvrkitAPIData asks one of WeChat's own services, such as ApiGetOpenDataByCloudId.
type SvrkitAPIData struct {
	Name string
	Data []byte
}

// TokenAPIData asks for access to another app's environment (admin protocol, section 12).
type TokenAPIData struct {
	ResourceAppID string
	ResourceEnv   string
}

// DecodeCommAPIData decodes the requestData of wx.openApi. Unknown fields are
// skipped; a repeated field replaces or extends as proto3 demands. It returns
// ErrProtobuf, wrapped, for anything that is no such message.
func DecodeCommAPIData(message []byte) (CommAPIData, error) {
	var d CommAPIData
	err := eachField(message, func(f field) (err error) {
		switch f.number {
		case 1:
			d.Type, err = f.enum()
		case 2:
			err = f.message(d.decodePair)
		case 4:
			err = f.message(d.Svrkit.decode)
		case 5:
			err = f.message(d.Token.decode)
		case 6:
			d.AppID, err = f.text()
		}
		return err
	})
	if err != nil {
		return CommAPIData{}, err
	}
	return d, nil
}

func (d *CommAPIData) decodePair(f field) error {
	if f.number != 1 {
		return nil
	}
	if len(d.Pairs) == maxPairs {
		return fmt.Errorf("%w: more than %d pairs", ErrProtobuf, maxPairs)
	}
	var p KeyValuePair
	if err := f.message(p.decode); err != nil {
		return err
	}
	d.Pairs = append(d.Pairs, p)
	return nil
}

func (p *KeyValuePair) decode(f field) (err error) {
	switch f.number {
	case 1:
		p.Key, err = f.text()
	case 2:
		p.Value, err = f.bytes()
	case 3:
		p.ContentType, err = f.text()
	case 4:
		p.FileName, err = f.text()
	}
	return err
}

func (d *SvrkitAPIData) decode(f field) (err error) {
	switch f.number {
	case 1:
		d.Name, err = f.text()
	case 2:
		d.Data, err = f.bytes()
	}
	return err
}

func (d *TokenAPIData) decode(f field) (err error) {
	switch f.number {
	case 1:
		d.ResourceAppID, err = f.text()
	case 2:
		d.ResourceEnv, err = f.text()
	}
	return err
}

// field is one field of a message. A known field of the wrong wire type is
// refused, which is stricter than proto3: no genuine SDK writes one.
type field struct {
	number protowire.Number
	wire   protowire.Type
	varint uint64
	data   []byte
}

func (f field) enum() (APIType, error) {
	if f.wire != protowire.VarintType {
		return 0, f.mistyped()
	}
	return APIType(int32(f.varint)), nil
}

func (f field) bytes() ([]byte, error) {
	if f.wire != protowire.BytesType {
		return nil, f.mistyped()
	}
	return f.data, nil
}

func (f field) text() (string, error) {
	data, err := f.bytes()
	if err != nil {
		return "", err
	}
	if !utf8.Valid(data) {
		return "", fmt.Errorf("%w: field %d is not UTF-8", ErrProtobuf, f.number)
	}
	return string(data), nil
}

func (f field) message(visit func(field) error) error {
	data, err := f.bytes()
	if err != nil {
		return err
	}
	return eachField(data, visit)
}

func (f field) mistyped() error {
	return fmt.Errorf("%w: field %d has wire type %d", ErrProtobuf, f.number, f.wire)
}

// eachField calls visit for every field of a message, in order.
func eachField(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		number, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrProtobuf, protowire.ParseError(n))
		}
		// ConsumeTag lets some numbers through that no message may use.
		if !number.IsValid() {
			return fmt.Errorf("%w: field number %d", ErrProtobuf, number)
		}
		message = message[n:]

		f := field{number: number, wire: wire}
		switch wire {
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			f.data, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(number, wire, message)
		}
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrProtobuf, protowire.ParseError(n))
		}
		message = message[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}
