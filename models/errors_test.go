package models

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrorCarriesCodeMessageAndCause(t *testing.T) {
	cause := errors.New("disk full")
	plain := E(CodeConflict, "error.exists", "name", "bob", "left over")
	wrapped := plain.Wrap(cause)
	err := fmt.Errorf("save: %w", wrapped)
	if CodeOf(err) != CodeConflict || !IsCode(err, CodeConflict) || IsCode(err, CodeInternal) || !errors.Is(err, cause) {
		t.Fatalf("%v lost its code or cause", err)
	}
	if diff := cmp.Diff(Msg{Key: "error.exists", Args: map[string]any{"name": "bob"}}, MsgOf(err)); diff != "" {
		t.Fatal(diff)
	}
	if plain.Unwrap() != nil {
		t.Fatal("Wrap changed the error that it copies")
	}
	wrapped.Detail = "at line 1"
	if got, want := wrapped.Error(), "conflict: error.exists: at line 1: disk full"; got != want {
		t.Fatalf("log text %q, want %q", got, want)
	}
}

func TestForeignErrorsAreInternal(t *testing.T) {
	err := errors.New("x")
	if CodeOf(err) != CodeInternal || !IsCode(err, CodeInternal) || MsgOf(err).Key != "error.internal" || FieldErrors(err) != nil {
		t.Fatal("a foreign error is not internal")
	}
	if CodeOf(nil) != "" || IsCode(nil, "") || FieldErrors(nil) != nil {
		t.Fatal("nil carries a code")
	}
}

func TestFieldsKeepTheFirstMessage(t *testing.T) {
	f := Fields{}
	if err := f.Err(); err != nil {
		t.Fatalf("no fields are %v", err)
	}
	f.Add("name", "error.required")
	f.Add("name", "error.too_long", "max", 3)
	f.Add("note", "error.too_long", "max", 3)
	want := map[string]Msg{"name": {Key: "error.required"}, "note": {Key: "error.too_long", Args: map[string]any{"max": 3}}}
	if diff := cmp.Diff(want, FieldErrors(fmt.Errorf("form: %w", f.Err()))); diff != "" {
		t.Fatal(diff)
	}
	if FieldErrors(E(CodeInvalid, "error.invalid")) != nil {
		t.Fatal("an error without fields has some")
	}
}

func TestArgumentsOfMessages(t *testing.T) {
	if diff := cmp.Diff(Msg{Key: "k"}, M("k", 1, 2)); diff != "" {
		t.Fatalf("a name that is no text is passed over: %s", diff)
	}
	if diff := cmp.Diff(Msg{Key: "k", Args: map[string]any{"a": 1, "b": nil}}, M("k", "a", 1, "b", nil)); diff != "" {
		t.Fatal(diff)
	}
}
