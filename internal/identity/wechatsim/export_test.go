package wechatsim

// Bounds that tests reach.
const (
	CodeLife = codeLife
	MaxCodes = maxCodes
)
