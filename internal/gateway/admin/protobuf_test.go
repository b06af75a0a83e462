package admin

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

func fromHex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// commAPIVectors were written by the genuine SDKs (admin protocol, section 20).
var commAPIVectors = map[string]CommAPIData{
	"08032a210a12777865306532363536643734663062666633120b746573742d663936623331": {
		Type: TokenAPI, Token: TokenAPIData{ResourceAppID: "wxe0e2656d74f0bff3", ResourceEnv: "test-f96b31"},
	},
	"0800120f0a0d0a0863616d656c4b6579120131": {
		Type: OpenAPI, Pairs: []KeyValuePair{{Key: "camelKey", Value: []byte("1")}},
	},
	"080222270a174170694765744f70656e446174614279436c6f75644964120c120463696431120463696432": {
		Type: SvrkitAPI, Svrkit: SvrkitAPIData{Name: "ApiGetOpenDataByCloudId", Data: []byte("\x12\x04cid1\x12\x04cid2")},
	},
}

func TestDecodeCommAPIData(t *testing.T) {
	for vector, want := range commAPIVectors {
		got, err := DecodeCommAPIData(fromHex(t, vector))
		if err != nil {
			t.Errorf("%s: %v", vector, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", vector, diff)
		}
	}
}

func TestDecodeCommAPIDataFromCaptures(t *testing.T) {
	seen := 0
	for _, v := range loadVectors(t, "captured.json") {
		req, err := DecodeRequest(v.request(t), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		api, _ := req.String("apiName")
		data, ok := req.Bytes("requestData")
		if !ok || req.Action != "wx.openApi" || !strings.HasPrefix(v.SDK, "wx-server-sdk") {
			continue
		}
		d, err := DecodeCommAPIData(data)
		if err != nil {
			t.Errorf("%s of %s: %v", api, v.SDK, err)
			continue
		}
		seen++
		switch {
		case d.Type == OpenAPI:
		case d.Type == SvrkitAPI && d.Svrkit.Name == api:
		case d.Type == TokenAPI && d.Token.ResourceAppID != "" && d.Token.ResourceEnv != "":
		default:
			t.Errorf("%s of %s decodes as %+v", api, v.SDK, d)
		}
		if api == "templateMessage.send" {
			want := []KeyValuePair{
				{Key: "data", Value: []byte(`{"key1":{"value":1}}`)}, {Key: "media", Value: []byte{1, 2, 3}, FileName: "media.png"},
				{Key: "flag", Value: []byte("true")}, {Key: "to_user", Value: []byte(`"o1"`)}, {Key: "form_id", Value: []byte(`"f"`)},
			}
			if diff := cmp.Diff(want, d.Pairs); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d messages seen", seen)
	}
}

func TestDecodeCommAPIDataFollowsProto3(t *testing.T) {
	for _, tt := range []struct {
		name, message string
		want          CommAPIData
	}{
		{"nothing", "", CommAPIData{}},
		{"unknown type", "0807", CommAPIData{Type: 7}},
		{"negative type", "08ffffffffffffffffff01", CommAPIData{Type: -1}},
		{"last number wins", "08030802", CommAPIData{Type: SvrkitAPI}},
		{"messages merge", "2a030a01612a03120162", CommAPIData{Token: TokenAPIData{ResourceAppID: "a", ResourceEnv: "b"}}},
		{"pairs add up", "12050a030a016112050a030a0162", CommAPIData{Pairs: []KeyValuePair{{Key: "a"}, {Key: "b"}}}},
		{"pair with all fields", "120e0a0c0a016b1201761a017422016e", CommAPIData{Pairs: []KeyValuePair{{Key: "k", Value: []byte("v"), ContentType: "t", FileName: "n"}}}},
		{"appid", "320161", CommAPIData{AppID: "a"}},
		{"inner call is skipped", "08011a020801", CommAPIData{Type: InnerAPI}},
		{"unknown fields of every wire type", "380141000000000000000a4201614b50014c5d00000000" + "12021001", CommAPIData{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeCommAPIData(fromHex(t, tt.message))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeCommAPIDataRefuses(t *testing.T) {
	pair := protowire.AppendBytes([]byte{0x12}, []byte{0x0a, 0x00})
	for _, tt := range []struct {
		name    string
		message []byte
	}{
		{"tag cut short", fromHex(t, "88")},
		{"field number 0", fromHex(t, "0001")},
		{"field number above the greatest", fromHex(t, "808080801000")},
		{"wire type 6", fromHex(t, "0e")},
		{"number cut short", fromHex(t, "08")},
		{"endless number", fromHex(t, "08ffffffffffffffffffff01")},
		{"bytes cut short", fromHex(t, "2a05")},
		{"group without an end", fromHex(t, "4b5001")},
		{"end without a group", fromHex(t, "4c")},
		{"message inside cut short", fromHex(t, "2a020a05")},
		{"type of the wrong wire type", fromHex(t, "0a00")},
		{"text of the wrong wire type", fromHex(t, "3001")},
		{"message of the wrong wire type", fromHex(t, "2801")},
		{"text that is not UTF-8", fromHex(t, "3201ff")},
		{"three bytes of nothing", []byte{1, 2, 3}},
		{"too many pairs", bytes.Repeat(pair, maxPairs+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := DecodeCommAPIData(tt.message); !errors.Is(err, ErrProtobuf) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	if d, err := DecodeCommAPIData(bytes.Repeat(pair, maxPairs)); err != nil || len(d.Pairs) != maxPairs {
		t.Errorf("%d pairs: %v", len(d.Pairs), err)
	}
}

func TestEncode(t *testing.T) {
	const cross = "0a1e0a09414b494463726f73731207534b63726f73731a08544f4b63726f73731204010203ff"
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"AuthorizationInfo", AuthorizationInfo{SecretID: "AKIDcross", SecretKey: "SKcross", Token: "TOKcross", WXParam: []byte{1, 2, 3, 255}}.Marshal(), cross},
		{"credential in an answer", CommOpenAPIResp{Data: fromHex(t, cross), HTTPCode: 200}.Marshal(), "0a26" + cross + "20c801"},
		{"error -601017", CommOpenAPIResp{ErrorCode: -601017}.Marshal(), "18c7a8dbffffffffffff01"},
		{
			"JSON answer", CommOpenAPIResp{Data: []byte(`{"errcode":0,"errmsg":"ok"}`), ContentType: "application/json", HTTPCode: 200}.Marshal(),
			"0a1b7b22657272636f6465223a302c226572726d7367223a226f6b227d12106170706c69636174696f6e2f6a736f6e20c801",
		},
		{"headers", CommOpenAPIResp{Headers: []HTTPHeader{{"a", "b"}, {}}, SvrkitErrorCode: 1}.Marshal(), "2a060a01611201622a003001"},
		{"negative svrkit error", CommOpenAPIResp{SvrkitErrorCode: -1}.Marshal(), "30ffffffffffffffffff01"},
		{"empty answer", CommOpenAPIResp{}.Marshal(), ""},
		{"empty credential", AuthorizationInfo{}.Marshal(), "0a00"},
	} {
		if got := hex.EncodeToString(tt.got); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestWXParamComesBack shows the form in which the SDK returns wxParam.
func TestWXParamComesBack(t *testing.T) {
	for _, v := range loadVectors(t, "captured.json") {
		if v.header("authorization") == "" || !bytes.Contains(v.Body, []byte("eyJtcFRva2VuIjoiQVFJRC93PT0ifQ==")) {
			continue
		}
		req, err := DecodeRequest(v.request(t), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		token, _ := req.String("crossAuthorizationToken")
		want := fmt.Sprintf(`{"mpToken":%q}`, base64.StdEncoding.EncodeToString([]byte{1, 2, 3, 255}))
		if got, err := base64.StdEncoding.DecodeString(token); err != nil || string(got) != want {
			t.Errorf("got %s, %v", got, err)
		}
		return
	}
	t.Error("no captured request carries the token")
}
