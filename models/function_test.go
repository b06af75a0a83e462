package models

import (
	"fmt"
	"strings"
	"testing"
)

func TestFunctionValidate(t *testing.T) {
	many := func(n int) map[string]string {
		vars := map[string]string{}
		for i := range n {
			vars[fmt.Sprintf("V%d", i)] = ""
		}
		return vars
	}
	variable := func(name, value string) func(*Function) {
		return func(f *Function) { f.Variables = map[string]string{name: value} }
	}
	for _, c := range []struct {
		name   string
		change func(*Function)
		fields []string
	}{
		{"defaults", func(*Function) {}, nil},
		{"bad name", func(f *Function) { f.Name = "../x" }, []string{"name"}},
		{"timeout 0", func(f *Function) { f.TimeoutSeconds = 0 }, []string{"timeout"}},
		{"timeout 1", func(f *Function) { f.TimeoutSeconds = 1 }, nil},
		{"timeout 60", func(f *Function) { f.TimeoutSeconds = 60 }, nil},
		{"timeout 61", func(f *Function) { f.TimeoutSeconds = 61 }, []string{"timeout"}},
		{"memory of no size", func(f *Function) { f.MemoryMB = 300 }, []string{"memory"}},
		{"memory 2048", func(f *Function) { f.MemoryMB = 2048 }, nil},
		{"concurrency 0", func(f *Function) { f.Concurrency = 0 }, []string{"concurrency"}},
		{"concurrency 100", func(f *Function) { f.Concurrency = 100 }, nil},
		{"concurrency 101", func(f *Function) { f.Concurrency = 101 }, []string{"concurrency"}},
		{"100 variables", func(f *Function) { f.Variables = many(100) }, nil},
		{"101 variables", func(f *Function) { f.Variables = many(101) }, []string{"variables"}},
		{"variables of 4096 bytes", variable("A", strings.Repeat("x", 4095)), nil},
		{"variables of 4097 bytes", variable("A", strings.Repeat("x", 4096)), []string{"variables"}},
		{"variable without name", variable("", "x"), []string{"variables"}},
		{"variable that begins with a digit", variable("1A", "x"), []string{"variables"}},
		{"variable with an equals sign", variable("A=B", "x"), []string{"variables"}},
		{"variable with a line break in its name", variable("A\n", "x"), []string{"variables"}},
		{"variable of several lines", variable("KEY", "a\nb"), nil},
		{"variable with a NUL", variable("KEY", "a\x00"), []string{"variables"}},
		{"reserved variable", variable("tcb_env", "x"), []string{"variables"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Function{Name: "hello", TimeoutSeconds: DefaultTimeoutSeconds, MemoryMB: DefaultMemoryMB, Concurrency: 1}
			c.change(&f)
			wantFields(t, f.Validate(), c.fields...)
		})
	}
	MemorySizes()[0] = 1
	if MemorySizes()[0] != 128 {
		t.Fatal("a caller changed the sizes for everybody")
	}
}

func TestReservedVariable(t *testing.T) {
	for _, name := range []string{
		"TENCENTCLOUD_SECRETID", "tencentcloud_x", "TCB_ENV", "WX_OPENID", "SCF_NAMESPACE", "_SCF_X", "NODE_OPTIONS", "node_options",
		"ENVSHARE_ANY", "LD_PRELOAD", "UV_THREADPOOL_SIZE", "PATH", "Path", "HOME", "TMPDIR", "TZ", "TRIGGER_SRC", "LOGINTYPE",
		"KUBERNETES_SERVICE_HOST", "TENCENTCLOUD", "CLOUDBASE_APIKEY", "SSLKEYLOGFILE",
	} {
		if !ReservedVariable(name) {
			t.Errorf("%q is free", name)
		}
	}
	for _, name := range []string{"API_KEY", "MY_TCB_ENV", "NODE", "PATHS", "HOMEPAGE", "LDAP", "WXPAY", "", "SECRET"} {
		if ReservedVariable(name) {
			t.Errorf("%q is reserved", name)
		}
	}
}
