package models

import (
	"testing"
	"time"
)

func TestPlainCode(t *testing.T) {
	for written, want := range map[string]string{
		"123456": "123456", " 123 456 ": "123456", "123-456": "123456", "ABCD-efgh-2345": "abcdefgh2345", "": "", "- -": "",
	} {
		if got := PlainCode(written); got != want {
			t.Errorf("PlainCode(%q) = %q, want %q", written, got, want)
		}
	}
}

func TestSecondFactorIsOnOnceConfirmed(t *testing.T) {
	if (SecondFactor{}).On() {
		t.Error("on before it was confirmed")
	}
	now := time.Now()
	if !(SecondFactor{ConfirmedAt: &now}).On() {
		t.Error("off though it was confirmed")
	}
}

func TestMayChangeOwnAccount(t *testing.T) {
	for name, c := range map[string]struct {
		actor Actor
		want  bool
	}{
		"nobody": {Actor{}, false}, "a command": {SystemActor("test"), false}, "somebody": {Actor{UserID: "u1"}, true}, "an operator": {Actor{UserID: "u1", Operator: true}, true},
	} {
		d := MayChangeOwnAccount(c.actor)
		if d.Allowed != c.want || !c.want && d.Code != CodeUnauthenticated {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestMayUnlink(t *testing.T) {
	if d := MayUnlink(User{}); d.Allowed || d.Code != CodeForbidden {
		t.Errorf("the only way in may go: %+v", d)
	}
	if d := MayUnlink(User{PasswordHash: "$"}); !d.Allowed {
		t.Errorf("%+v", d)
	}
}
