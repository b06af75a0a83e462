package ui

import (
	"strconv"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Figure prints a figure with its unit; a negative one is none. Bytes ("B") are
// written in the unit that suits them.
func Figure(n int64, unit string) string {
	switch {
	case n < 0:
		return "–"
	case unit == "B":
		return bytes(n)
	}
	text := message.NewPrinter(language.English).Sprintf("%d", n)
	if unit != "" {
		text += " " + unit
	}
	return text
}

// bytes prints a number of bytes.
func bytes(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, at := float64(n)/(1<<10), 0
	for units := len(byteUnits); size >= 1<<10 && at < units-1; at++ {
		size /= 1 << 10
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + byteUnits[at]
}

var byteUnits = [...]string{"KB", "MB", "GB"}
