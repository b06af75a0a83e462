package admin_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"envshare/internal/service"
	"envshare/internal/testkit"
)

// person is an end user of the app that an invocation belongs to.
type person struct {
	OpenID  string `json:"o,omitempty"`
	UnionID string `json:"n,omitempty"`
}

// invocationOf makes the credential and the user token of an invocation in
// a-main on behalf of a person. It knows the installation's key and so may do
// what the protocol of clients does, which this gateway does not speak.
func (w *world) invocationOf(t *testing.T, who person, ttl time.Duration) (cred service.Credential, userToken string) {
	t.Helper()
	key := func(use string) []byte {
		k, err := hkdf.Key(sha256.New, testkit.MasterKey, nil, "envshare "+use, 32)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	block, err := aes.NewCipher(key("tokens"))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(kind string) service.Credential {
		id := rand.Text()
		plain, err := json.Marshal(map[string]any{
			"k": kind, "id": id, "app": appA, "env": "a-main", "exp": w.clock.now().Add(ttl).UnixMilli(),
			"src": "wx_client", "ip": "203.0.113.9", "u": who,
		})
		if err != nil {
			t.Fatal(err)
		}
		token := base64.RawURLEncoding.EncodeToString(sealer.Seal(nil, nil, plain, nil))
		mac := hmac.New(sha256.New, key("credential keys"))
		mac.Write([]byte("AKID" + id + "\x00" + token))
		return service.Credential{SecretID: "AKID" + id, SecretKey: base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), Token: token}
	}
	user := issue("u")
	return issue("i"), user.Token
}

// callFor invokes a function within an invocation.
func (w *world) callFor(t *testing.T, cred service.Credential, userToken, env string) answer {
	t.Helper()
	params := invocation(env, "context", `{"a":1}`)
	params["wxCloudApiToken"] = userToken
	return w.post(t, cred, params)
}

func contextOf(t *testing.T, got answer) map[string]string {
	t.Helper()
	var out struct {
		WX map[string]string `json:"wx"`
	}
	if err := json.Unmarshal([]byte(got.Data.Response), &out); err != nil {
		t.Fatalf("%v in %s", err, got.text)
	}
	return out.WX
}

func TestWhoIsCalling(t *testing.T) { // C3
	w := lending(t)
	cred, token := w.invocationOf(t, person{"o-1", "u-1"}, time.Minute)
	t.Run("own call", func(t *testing.T) {
		got := w.callFor(t, cred, token, "a-main")
		wx := contextOf(t, got)
		for name, want := range map[string]string{
			"OPENID": "o-1", "UNIONID": "u-1", "APPID": appA, "ENV": "a-main", "SOURCE": "wx_client,scf", "CLIENTIP": "203.0.113.9",
			"FROM_APPID": "", "FROM_OPENID": "", "FROM_UNIONID": "",
		} {
			if wx[name] != want {
				t.Errorf("%s is %q", name, wx[name])
			}
		}
		if _, ok := wx["FROM_APPID"]; ok {
			t.Error("FROM_APPID is there")
		}
		mustContain(t, got, `\"userInfo\":{\"appId\":\"`+appA+`\",\"openId\":\"o-1\"}`)
	})
	t.Run("cross-account call", func(t *testing.T) {
		wx := contextOf(t, w.callFor(t, w.session(t, cred, appB, "b-main"), token, "b-main"))
		for name, want := range map[string]string{
			"OPENID": "", "UNIONID": "u-1", "APPID": appB, "ENV": "b-main",
			"FROM_APPID": appA, "FROM_OPENID": "o-1", "FROM_UNIONID": "u-1",
		} {
			if wx[name] != want {
				t.Errorf("%s is %q", name, wx[name])
			}
		}
	})
}

func TestASessionBelongsToItsEndUser(t *testing.T) { // C1
	w := lending(t)
	for _, c := range []struct {
		name            string
		opener, another person
	}{
		{"another openid", person{"o-1", "u-1"}, person{"o-2", "u-2"}},
		{"another unionid alone, as in a function that another app called", person{"", "u-1"}, person{"", "u-2"}},
		{"nobody", person{"o-1", "u-1"}, person{}},
		{"somebody instead of nobody", person{}, person{"o-1", "u-1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cred, token := w.invocationOf(t, c.opener, time.Minute)
			_, again := w.invocationOf(t, c.opener, time.Minute)
			_, another := w.invocationOf(t, c.another, time.Minute)
			session := w.session(t, cred, appB, "b-main")
			for name, mine := range map[string]string{"same invocation": token, "another one of the person": again} {
				if got := w.callFor(t, session, mine, "b-main"); got.Code != "" {
					t.Errorf("%s: %s", name, got.text)
				}
			}
			denied(t, w.callFor(t, session, another, "b-main"), "-601016")
			denied(t, w.callFor(t, session, cred.Token, "b-main"), "-601016")
			denied(t, w.callFor(t, session, "made up", "b-main"), "-601016")
		})
	}
	t.Run("and names the invocation that it acts in", func(t *testing.T) {
		cred, token := w.invocationOf(t, person{"o-1", "u-1"}, time.Minute)
		session := w.session(t, cred, appB, "b-main")
		denied(t, w.callFor(t, session, "", "b-main"), "-601016")
		w.clock.advance(2 * time.Minute)
		denied(t, w.callFor(t, session, token, "b-main"), "-601016")
	})
}

func TestAUserTokenSignsNothing(t *testing.T) {
	w := lending(t)
	cred, token := w.invocationOf(t, person{"o-1", "u-1"}, time.Minute)
	fake := service.Credential{SecretID: cred.SecretID, SecretKey: cred.SecretKey, Token: token}
	if got := w.callFor(t, fake, "", "a-main"); got.Code != "SIGN_PARAM_INVALID" {
		t.Error(got.text)
	}
}
