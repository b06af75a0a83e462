package models

import "net/netip"

// Sender returns what counts as one sender when limits are per address: an IPv4
// address, or the /64 that one household gets of IPv6. The zero prefix stands for
// this machine, whose workers and proxy send on behalf of everybody, and for what is
// no address.
func Sender(ip string) netip.Prefix {
	address, err := netip.ParseAddr(ip)
	if err != nil || address.Unmap().IsLoopback() {
		return netip.Prefix{}
	}
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // never fails for these lengths
	return prefix
}
