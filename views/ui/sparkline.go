package ui

import (
	"strconv"
	"strings"
)

// sparkPoints spreads values over a box of 80 by 24, as the points of a line.
func sparkPoints(values []int64) string {
	var most int64 = 1
	for _, v := range values {
		most = max(most, v)
	}
	points := make([]string, len(values))
	for i, v := range values {
		x := 1 + 78*float64(i)/float64(max(1, len(values)-1))
		y := 22 - 20*float64(v)/float64(most)
		points[i] = strconv.FormatFloat(x, 'f', 1, 64) + "," + strconv.FormatFloat(y, 'f', 1, 64)
	}
	return strings.Join(points, " ")
}
