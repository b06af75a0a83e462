package expr

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a bare machine has no time zones

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/value"
)

// part makes an operator that reads a part of a date: {date, timezone} or a date.
func part(call func(t time.Time) int) operator {
	return operator{named: []string{"date", "timezone"}, needed: 1, call: func(a []bson.RawValue) (bson.RawValue, bool) {
		if nullish(a[0]) || a[1].Type == bson.TypeNull {
			return value.Null(), true
		}
		t, ok := dateIn(a[0], a[1])
		if !ok {
			return a[0], false
		}
		return value.Int32(int32(call(t))), true
	}}
}

var dateOperators = map[string]operator{
	"$year": part(time.Time.Year), "$month": part(func(t time.Time) int { return int(t.Month()) }), "$dayOfMonth": part(time.Time.Day),
	"$dayOfYear": part(time.Time.YearDay), "$dayOfWeek": part(func(t time.Time) int { return int(t.Weekday()) + 1 }),
	"$isoDayOfWeek": part(isoDay), "$isoWeek": part(func(t time.Time) int { _, w := t.ISOWeek(); return w }),
	"$isoWeekYear": part(func(t time.Time) int { y, _ := t.ISOWeek(); return y }), "$week": part(week),
	"$hour": part(time.Time.Hour), "$minute": part(time.Time.Minute), "$second": part(time.Time.Second),
	"$millisecond":    part(func(t time.Time) int { return t.Nanosecond() / 1e6 }),
	"$dateFromParts":  {named: append([]string{"timezone"}, dateParts...), needed: 0, call: dateFromParts},
	"$dateFromString": {named: []string{"dateString", "format", "timezone", "onError", "onNull"}, needed: 1, call: dateFromString, makes: dateText},
	"$dateToString":   {named: []string{"date", "format", "timezone", "onNull"}, needed: 1, call: dateToString, makes: dateText},
	"$dateToParts":    {named: []string{"date", "timezone", "iso8601"}, needed: 1, call: dateToParts},
	"$dateAdd":        {named: []string{"startDate", "unit", "amount", "timezone"}, needed: 3, call: dateAdd(1)},
	"$dateSubtract":   {named: []string{"startDate", "unit", "amount", "timezone"}, needed: 3, call: dateAdd(-1)},
}

func isoDay(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// week counts from the first Sunday of the year; the days before it are in week 0.
func week(t time.Time) int { return (t.YearDay() + 6 - int(t.Weekday())) / 7 }

// timeOf returns the instant of a date, ObjectId or timestamp.
func timeOf(v bson.RawValue) (time.Time, bool) {
	switch v.Type {
	case bson.TypeDateTime:
		ms, ok := value.Millis(v)
		return time.UnixMilli(ms).UTC(), ok
	case bson.TypeObjectID:
		if len(v.Value) != 12 {
			return time.Time{}, false
		}
		return bson.ObjectID(v.Value).Timestamp().UTC(), true
	case bson.TypeTimestamp:
		seconds, _ := v.Timestamp()
		return time.Unix(int64(seconds), 0).UTC(), true
	}
	return time.Time{}, false
}

func dateIn(v, zone bson.RawValue) (time.Time, bool) {
	t, ok := timeOf(v)
	if !ok {
		return t, false
	}
	location, ok := zoneOf(zone)
	if !ok {
		return t, false
	}
	return t.In(location), true
}

// zoneOf reads "Asia/Shanghai", "+08:00", "+0800" or "+08"; missing is UTC.
func zoneOf(v bson.RawValue) (*time.Location, bool) {
	if nullish(v) {
		return time.UTC, true
	}
	name, ok := textOf(v)
	if !ok || name == "" || name == "Local" {
		return time.UTC, false
	}
	if sign := name[0]; sign == '+' || sign == '-' {
		digits := strings.ReplaceAll(name[1:], ":", "")
		n, err := strconv.Atoi(digits)
		if err != nil || len(digits) != 2 && len(digits) != 4 {
			return time.UTC, false
		}
		if len(digits) == 2 {
			n *= 100
		}
		seconds := n/100*3600 + n%100*60
		if sign == '-' {
			seconds = -seconds
		}
		return time.FixedZone(name, seconds), true
	}
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), true
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, false
	}
	zones.Store(name, location)
	return location, true
}

// zones are the time zones that were asked for; loading one reads a file.
var zones sync.Map

// dateText is how many bytes a date takes that is written by a format, or the
// layout that a date is read by.
func dateText(a []bson.RawValue) int { return 5*len(a[1].Value) + 64 }

var dateParts = []string{"year", "month", "day", "hour", "minute", "second", "millisecond", "isoWeekYear", "isoWeek", "isoDayOfWeek"}

func dateFromParts(a []bson.RawValue) (bson.RawValue, bool) {
	n := [...]int{1970, 1, 1, 0, 0, 0, 0, 0, 1, 1}
	iso := a[8].Type != 0
	for i, v := range a[1:] {
		if v.Type == bson.TypeNull {
			return value.Null(), true
		}
		if v.Type == 0 {
			continue
		}
		var ok bool
		if n[i], ok = wholeOf(v); !ok || n[i] > 1<<20 || n[i] < -(1<<20) {
			return v, false
		}
	}
	zone, ok := zoneOf(a[0])
	if !ok || !iso && a[1].Type == 0 || n[0] < 1 || n[0] > 9999 {
		return a[0], false
	}
	day := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, zone)
	if iso {
		fourth := time.Date(n[7], 1, 4, n[3], n[4], n[5], 0, zone)
		day = fourth.AddDate(0, 0, (n[8]-1)*7+n[9]-isoDay(fourth))
	}
	return value.Date(day.UnixMilli() + int64(n[6])), true
}

func parseTime(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
		"2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "20060102",
	} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// layouts translate the format letters that a date can be read by.
var layouts = strings.NewReplacer("%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05", "%L", "000", "%z", "-0700", "%G", "2006", "%%", "%", "%b", "Jan", "%B", "January")

func dateFromString(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		if a[4].Type != 0 {
			return a[4], true
		}
		return value.Null(), true
	}
	text, ok := textOf(a[0])
	zone, zoned := zoneOf(a[2])
	var t time.Time
	if ok && zoned {
		if format, given := textOf(a[1]); given {
			var err error
			t, err = time.ParseInLocation(layouts.Replace(format), text, zone)
			ok = err == nil
		} else {
			t, ok = parseTime(text, zone)
		}
	}
	if !ok && a[3].Type != 0 {
		return a[3], true
	}
	return value.Date(t.UnixMilli()), ok && zoned
}

const isoFormat = "%Y-%m-%dT%H:%M:%S.%LZ"

func dateToString(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		if a[3].Type != 0 {
			return a[3], true
		}
		return value.Null(), true
	}
	t, ok := dateIn(a[0], a[2])
	if !ok || a[1].Type == bson.TypeNull || a[2].Type == bson.TypeNull {
		return value.Null(), ok
	}
	format, given := textOf(a[1])
	if a[1].Type != 0 && !given {
		return a[1], false
	}
	if !given {
		format = isoFormat
		if a[2].Type != 0 {
			format = strings.TrimSuffix(isoFormat, "Z")
		}
	}
	text, ok := formatted(t, format)
	return value.String(text), ok
}

func formatted(t time.Time, format string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out.WriteByte(format[i])
			continue
		}
		i++
		if i == len(format) {
			return "", false
		}
		text, ok := formatLetter(t, format[i])
		if !ok {
			return "", false
		}
		out.WriteString(text)
	}
	return out.String(), true
}

func padded(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

func formatLetter(t time.Time, letter byte) (string, bool) {
	isoYear, isoWeek := t.ISOWeek()
	switch letter {
	case 'Y':
		return padded(t.Year(), 4), true
	case 'm':
		return padded(int(t.Month()), 2), true
	case 'd':
		return padded(t.Day(), 2), true
	case 'H':
		return padded(t.Hour(), 2), true
	case 'M':
		return padded(t.Minute(), 2), true
	case 'S':
		return padded(t.Second(), 2), true
	case 'L':
		return padded(t.Nanosecond()/1e6, 3), true
	case 'j':
		return padded(t.YearDay(), 3), true
	case 'w':
		return strconv.Itoa(int(t.Weekday()) + 1), true
	case 'u':
		return strconv.Itoa(isoDay(t)), true
	case 'U':
		return padded(week(t), 2), true
	case 'V':
		return padded(isoWeek, 2), true
	case 'G':
		return padded(isoYear, 4), true
	case 'b':
		return t.Format("Jan"), true
	case 'B':
		return t.Format("January"), true
	case 'z':
		return t.Format("-0700"), true
	case 'Z':
		_, offset := t.Zone()
		if offset < 0 {
			return strconv.Itoa(offset / 60), true
		}
		return "+" + padded(offset/60, 3), true
	case '%':
		return "%", true
	}
	return "", false
}

func dateToParts(a []bson.RawValue) (bson.RawValue, bool) {
	if nullish(a[0]) {
		return value.Null(), true
	}
	t, ok := dateIn(a[0], a[1])
	if !ok {
		return a[0], false
	}
	number := func(n int) bson.RawValue { return value.Int32(int32(n)) }
	isoYear, isoWeek := t.ISOWeek()
	members := []member{{"year", number(t.Year())}, {"month", number(int(t.Month()))}, {"day", number(t.Day())}}
	if value.Truthy(a[2]) {
		members = []member{{"isoWeekYear", number(isoYear)}, {"isoWeek", number(isoWeek)}, {"isoDayOfWeek", number(isoDay(t))}}
	}
	return objectOf(append(members, member{"hour", number(t.Hour())}, member{"minute", number(t.Minute())},
		member{"second", number(t.Second())}, member{"millisecond", number(t.Nanosecond() / 1e6)})), true
}

// dateAdd makes $dateAdd and $dateSubtract.
func dateAdd(sign int) func(a []bson.RawValue) (bson.RawValue, bool) {
	return func(a []bson.RawValue) (bson.RawValue, bool) {
		if anyNullish(a[:3]) {
			return value.Null(), true
		}
		t, ok1 := dateIn(a[0], a[3])
		unit, ok2 := textOf(a[1])
		n, ok3 := value.Int64(a[2])
		if !ok1 || !ok2 || !ok3 || math.Abs(float64(n)) > 1e13 || !calendar(t) {
			return a[0], false
		}
		n *= int64(sign)
		if months := map[string]int64{"year": 12, "quarter": 3, "month": 1}[unit]; months > 0 && n < 1e6 && n > -1e6 {
			return value.Date(addMonths(t, int(n*months)).UnixMilli()), true
		}
		if days := map[string]int64{"week": 7, "day": 1}[unit]; days > 0 && n < 1e8 && n > -1e8 {
			return value.Date(t.AddDate(0, 0, int(n*days)).UnixMilli()), true
		}
		ms, ok := map[string]int64{"hour": 3600000, "minute": 60000, "second": 1000, "millisecond": 1}[unit]
		sum, fits := plusMillis(t.UnixMilli(), float64(n)*float64(ms))
		return sum, ok && fits
	}
}

// calendar reports whether a date is near enough for adding months to it.
func calendar(t time.Time) bool { return t.Year() > -1e6 && t.Year() < 1e6 }

// plusMillis adds milliseconds to a date; false when no date holds the sum.
func plusMillis(date int64, ms float64) (bson.RawValue, bool) {
	ms = math.Round(ms)
	if sum := float64(date) + ms; !(math.Abs(sum) < 1<<62 && math.Abs(ms) < 1<<62) {
		return bson.RawValue{}, false
	}
	return value.Date(date + int64(ms)), true
}

// addMonths stays in the month: a day that it does not have becomes its last one.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
