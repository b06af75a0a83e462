package shares

import "strings"

// stored is the keys of what is lent as yet, for the script that compares ticks with
// them.
func (e FormEnvironment) stored() string { return strings.Join(e.Stored.Keys(), " ") }
