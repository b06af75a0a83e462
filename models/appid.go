package models

import "strings"

// appIDLength is how many characters an AppID has.
const appIDLength = len("wx") + 16

// MissingOfAppID returns how many characters an AppID lacks that is still being
// typed, 0 for a text that no typing makes one.
func MissingOfAppID(s string) int {
	missing := appIDLength - len(s)
	if missing <= 0 || !ValidAppID(s+strings.Repeat("0", missing)) && s != "w" && s != "" {
		return 0
	}
	return missing
}
