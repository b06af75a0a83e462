package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"envshare/models"
)

// UsageCount is what was counted in an environment in one hour or day (UTC): calls
// of one app by operation, or, with a name, the runs of one function.
type UsageCount struct {
	EnvironmentID string
	FunctionName  string
	Period        string // as one of models' layouts writes it; an hour when it is added
	CallerAppID   string // "" for visitors without login, and for a function
	Operation     models.Permission
	models.Tally
}

const countKey = "environment_id, function_name, period, caller_app_id, operation"

// countColumns are the columns of a tally in the order of countFields, and how
// each adds up.
var countColumns = func() []struct{ name, sum string } {
	list := []struct{ name, sum string }{
		{"calls", "SUM"}, {"errors", "SUM"}, {"denied", "SUM"}, {"bytes", "SUM"}, {"duration_ms", "SUM"}, {"longest_ms", "MAX"}, {"memory_bytes", "MAX"},
	}
	for i := range models.HistogramBuckets {
		list = append(list, struct{ name, sum string }{fmt.Sprint("d", i), "SUM"})
	}
	return list
}()

func countFields(t *models.Tally) []*int64 {
	list := []*int64{&t.Calls, &t.Errors, &t.Denied, &t.Bytes, &t.DurationMS, &t.LongestMS, &t.MemoryBytes}
	for i := range t.Durations {
		list = append(list, &t.Durations[i])
	}
	return list
}

// joined writes something for every column of a tally, with commas.
func joined(one func(name, sum string) string) string {
	out := make([]string, len(countColumns))
	for i, c := range countColumns {
		out[i] = one(c.name, c.sum)
	}
	return strings.Join(out, ", ")
}

var (
	countNames = joined(func(name, _ string) string { return name })
	// countSums reads added up columns. PostgreSQL makes the sum of a bigint wider.
	countSums = joined(func(name, sum string) string { return "CAST(" + sum + "(" + name + ") AS bigint)" })
	// countMerge is what an insert does to a row that is there.
	countMerge = " ON CONFLICT (" + countKey + ") DO UPDATE SET " + joined(func(name, sum string) string {
		if sum == "MAX" {
			return fmt.Sprintf("%[1]s = CASE WHEN excluded.%[1]s > usage_counts.%[1]s THEN excluded.%[1]s ELSE usage_counts.%[1]s END", name)
		}
		return fmt.Sprintf("%[1]s = usage_counts.%[1]s + excluded.%[1]s", name)
	})
	countInsert = "INSERT INTO usage_counts (" + countKey + ", " + countNames + ") "
	countRow    = "(?" + strings.Repeat(", ?", 4+len(countColumns)) + ")"
)

// maxCountRows bounds one statement; batches are cut into powers of two, so that
// there are few different ones to prepare.
const maxCountRows = 64

// units mark periods of one length, so that they stand apart in the table.
var units = map[int]string{len(models.HourLayout): "h", len(models.DayLayout): "d", len(models.MonthLayout): "m"}

// AddCounts adds the counts of hours to these, their days and their months, making
// those that are missing: all or none.
func (r Usage) AddCounts(ctx context.Context, counts []UsageCount) error {
	if len(counts) == 0 {
		return nil
	}
	rows := spread(counts)
	return r.s.Batch(ctx, func(tx *Store) error {
		for left := rows; len(left) > 0; {
			n := maxCountRows
			for n > len(left) {
				n /= 2
			}
			if err := tx.insertCounts(ctx, left[:n]); err != nil {
				return err
			}
			left = left[n:]
		}
		return nil
	})
}

// spread returns the rows that counts of hours add to, each once.
func spread(counts []UsageCount) []UsageCount {
	sums := make(map[UsageCount]models.Tally, 3*len(counts)) // keyed without tally
	for _, c := range counts {
		key := c
		key.Tally = models.Tally{}
		for length, unit := range units {
			key.Period = unit + c.Period[:min(length, len(c.Period))]
			sum := sums[key]
			sum.Add(c.Tally)
			sums[key] = sum
		}
	}
	rows := make([]UsageCount, 0, len(sums))
	for key, sum := range sums {
		key.Tally = sum
		rows = append(rows, key)
	}
	// One order for all, so that processes that add at once never wait in a circle.
	slices.SortFunc(rows, func(a, b UsageCount) int {
		return cmp.Or(cmp.Compare(a.EnvironmentID, b.EnvironmentID), cmp.Compare(a.FunctionName, b.FunctionName), cmp.Compare(a.Period, b.Period),
			cmp.Compare(a.CallerAppID, b.CallerAppID), cmp.Compare(a.Operation, b.Operation))
	})
	return rows
}

func (s *Store) insertCounts(ctx context.Context, rows []UsageCount) error {
	args := make([]any, 0, len(rows)*(5+len(countColumns)))
	for i := range rows {
		c := &rows[i]
		args = append(args, c.EnvironmentID, c.FunctionName, c.Period, c.CallerAppID, c.Operation)
		for _, field := range countFields(&c.Tally) {
			args = append(args, *field)
		}
	}
	statement := countInsert + "VALUES " + countRow + strings.Repeat(", "+countRow, len(rows)-1) + countMerge
	return translate(s.writer(ctx).Exec(statement, args...).Error)
}

// DropCounts forgets the hours before one time, and the days and months before
// another one.
func (r Usage) DropCounts(ctx context.Context, hoursBefore, daysBefore time.Time) error {
	for _, old := range []struct {
		layout string
		before time.Time
	}{{models.HourLayout, hoursBefore}, {models.DayLayout, daysBefore}, {models.MonthLayout, daysBefore}} {
		unit := units[len(old.layout)]
		err := r.s.writer(ctx).Exec("DELETE FROM usage_counts WHERE period >= ? AND period < ?", unit, unit+old.before.UTC().Format(old.layout)).Error
		if err != nil {
			return translate(err)
		}
	}
	return nil
}
