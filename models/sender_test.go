package models

import "testing"

func TestSender(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8::1": "2001:db8::/64", "fe80::1%eth0": "fe80::/64",
		"127.0.0.1": "", "::1": "", "::ffff:127.0.0.1": "", "": "", "somewhere": "", "192.0.2.1:80": "",
	} {
		got := Sender(ip)
		if got.IsValid() != (want != "") || want != "" && got.String() != want {
			t.Errorf("%q: %s, want %q", ip, got, want)
		}
	}
}
