package aggregate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/query"
	"envshare/models"
)

// allocated is how many bytes a function takes, whatever becomes of them.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// kept is an expression that keeps n values of 7 MB in variables.
func kept(n int) string {
	var vars []string
	for i := range n {
		vars = append(vars, fmt.Sprintf(`"v%d":{"$concat":["$s","$s","$s","$s","$s","$s","$s"]}`, i))
	}
	return `{"$let":{"vars":{` + strings.Join(vars, ",") + `},"in":1}}`
}

func TestOperatorsThatMultiplyAreRefusedBeforeTheyTakeMemory(t *testing.T) {
	src := collections{doc(t, `{"_id":1,"s":"`+strings.Repeat("a", 1<<20)+`","l":[`+strings.Repeat("1,", 200_000)+`1]}`)}
	for name, e := range map[string]string{
		"$replaceAll":                 `{"$strLenBytes":{"$replaceAll":{"input":"$s","find":"a","replacement":"$s"}}}`,
		"$replaceAll of nothing":      `{"$strLenBytes":{"$replaceAll":{"input":"$s","find":"","replacement":"$s"}}}`,
		"$concat":                     `{"$concat":[` + strings.Repeat(`"$s",`, 999) + `"$s"]}`,
		"an array":                    `[` + strings.Repeat(`"$s",`, 999) + `"$s"]`,
		"$concatArrays":               `{"$concatArrays":[` + strings.Repeat(`"$l",`, 99) + `"$l"]}`,
		"$setUnion":                   `{"$setUnion":[` + strings.Repeat(`"$l",`, 99) + `"$l"]}`,
		"$zip with a long default":    `{"$zip":{"inputs":["$l",[]],"useLongestLength":true,"defaults":[1,"$s"]}}`,
		"$zip of many":                `{"$zip":{"inputs":[` + strings.Repeat(`"$l",`, 99) + `"$l"]}}`,
		"$map":                        `{"$map":{"input":"$l","in":"$s"}}`,
		"$map of ranges":              `{"$map":{"input":{"$range":[0,10000]},"in":{"$range":[0,10000]}}}`,
		"$reduce that doubles":        `{"$reduce":{"input":{"$range":[0,60]},"initialValue":"ab","in":{"$concat":["$$value","$$value"]}}}`,
		"$reduce with arrays":         `{"$reduce":{"input":{"$range":[0,60]},"initialValue":[1],"in":{"$concatArrays":["$$value","$$value"]}}}`,
		"$split":                      `{"$split":[{"$concat":["$s","$s","$s"]},"a"]}`,
		"$regexFindAll":               `{"$size":{"$regexFindAll":{"input":"$s","regex":""}}}`,
		"$regexFindAll with captures": `{"$size":{"$regexFindAll":{"input":"$s","regex":"` + strings.Repeat("()", 500) + `"}}}`,
		"held side by side":           `{"$size":[[` + strings.Repeat(`{"$size":{"$range":[0,900000]}},{"$concat":["$s","$s"]},`, 60) + `1]]}`,
		"$let that keeps":             kept(30),
	} {
		t.Run(name, func(t *testing.T) {
			bytes := allocated(func() {
				out, err := results(t, src, Options{MemoryBytes: 24 << 20}, `[{"$project":{"x":`+e+`}}]`)
				if !models.IsCode(err, models.CodeResultTooLarge) {
					t.Errorf("%d results, %v", len(out), err)
				}
			})
			if bytes > 1<<30 {
				t.Errorf("%d MB were taken before", bytes>>20)
			}
		})
	}
}

func TestExpressionsKeepToWhatTheyMayUse(t *testing.T) {
	src := collections{doc(t, `{"_id":1,"s":"`+strings.Repeat("a", 1<<20)+`"}`)}
	for _, e := range []string{
		`{"$size":{"$concatArrays":[{"$range":[0,100000]},{"$range":[0,100000]}]}}`,
		`{"$strLenBytes":{"$concat":["$s","$s","$s"]}}`,
		`{"$strLenBytes":{"$replaceAll":{"input":"$s","find":"a","replacement":"bb"}}}`,
		`{"$size":{"$setUnion":[{"$range":[0,50000]},{"$range":[0,50000]}]}}`,
		`{"$size":{"$reduce":{"input":{"$range":[0,1000]},"initialValue":[],"in":{"$concatArrays":["$$value",["$$this"]]}}}}`,
		`{"$regexMatch":{"input":"$s","regex":"^a+$"}}`,
		`{"$sum":{"$map":{"input":{"$range":[0,200000]},"in":{"$multiply":["$$this",2]}}}}`,
	} {
		if out, err := results(t, src, Options{}, `[{"$project":{"x":`+e+`}}]`); err != nil || len(out) != 1 {
			t.Errorf("%s: %v %v", e, out, err)
		}
	}
}

// slow are expressions that would work for a long time on one document.
var slow = map[string]string{
	"loops in loops":        `{"$reduce":{"input":{"$range":[0,30]},"initialValue":0,"in":{"$size":{"$range":[0,999999]}}}}`,
	"variables":             `{"$reduce":{"input":{"$range":[0,999999]},"initialValue":0,"in":{"$sum":{"$map":{"input":{"$range":[0,1000]},"in":"$$this"}}}}}`,
	"fields of a wide one":  `{"$reduce":{"input":{"$range":[0,999999]},"initialValue":0,"in":"$o.last"}}`,
	"an array over again":   `{"$reduce":{"input":{"$range":[0,999999]},"initialValue":0,"in":{"$in":["no",{"$ifNull":["$l",[]]}]}}}`,
	"constant branches":     `{"$reduce":{"input":{"$range":[0,999999]},"initialValue":0,"in":{"$and":[` + strings.Repeat("true,", 999) + `true]}}}`,
	"large regular":         `{"$regexMatch":{"input":"$s","regex":"` + strings.Repeat("(a?b?)", 1000) + `c"}}`,
	"$regexFindAll":         `{"$reduce":{"input":{"$range":[0,999]},"initialValue":0,"in":{"$size":{"$regexFindAll":{"input":"$t","regex":"[^b]"}}}}}`,
	"sets":                  `{"$reduce":{"input":{"$range":[0,999]},"initialValue":0,"in":{"$size":{"$setUnion":["$l","$l"]}}}}`,
	"members of an object":  `{"$reduce":{"input":{"$range":[0,999]},"initialValue":0,"in":{"$mergeObjects":["$o","$o"]}}}`,
	"comparing long values": `{"$reduce":{"input":{"$range":[0,999999]},"initialValue":0,"in":{"$eq":["$l","$l"]}}}`,
}

func slowDocument(t *testing.T) bson.Raw {
	var members strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&members, `"m%d":1,`, i)
	}
	return doc(t, `{"_id":1,"o":{`+members.String()+`"last":1},"l":[`+strings.Repeat("1,", 20_000)+`1],"s":"`+strings.Repeat("ab", 200_000)+`","t":"`+strings.Repeat("a", 60_000)+`"}`)
}

func TestWorkOnOneDocumentIsBounded(t *testing.T) {
	src := collections{slowDocument(t)}
	for name, e := range slow {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := results(t, src, Options{Steps: 200_000}, `[{"$project":{"x":`+e+`}}]`)
			if took := time.Since(start); !models.IsCode(err, models.CodeResultTooLarge) || took > time.Minute {
				t.Errorf("%v after %s", err, took)
			}
		})
	}
}

func TestCancelledPipelineStopsInsideOfAnExpression(t *testing.T) {
	src := collections{slowDocument(t)}
	for name, e := range slow {
		for kind, pipeline := range map[string]string{"stage": `[{"$project":{"x":` + e + `}}]`, "condition": `[{"$match":{"$expr":` + e + `}}]`} {
			t.Run(name+" in a "+kind, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				start := time.Now()
				err := Run(ctx, src, stages(t, pipeline), Options{Collection: "docs", Steps: 1 << 40}, func(bson.Raw) error { return nil })
				if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) && !models.IsCode(err, models.CodeResultTooLarge) || took > 30*time.Second {
					t.Errorf("%v after %s", err, took)
				}
			})
		}
	}
}

func TestPipelineHasALimitOfTime(t *testing.T) {
	src := collections{doc(t, `{"_id":1}`)}
	many := `{"$addFields":{"l":{"$range":[0,3000]}}},{"$unwind":"$l"}`
	start := time.Now()
	_, err := results(t, src, Options{Timeout: 100 * time.Millisecond}, `[`+strings.Repeat(many+",", 4)+`{"$count":"n"}]`)
	if took := time.Since(start); !models.IsCode(err, models.CodeLimited) || took > time.Minute {
		t.Errorf("%v after %s", err, took)
	}
}

func TestConditionThatTakesTooLongIsAnErrorAndNoMatch(t *testing.T) {
	one := slowDocument(t)
	f, err := query.Parse(doc(t, `{"$nor":[{"$expr":`+slow["loops in loops"]+`}]}`))
	if err != nil {
		t.Fatal(err)
	}
	f = f.Bounded(100_000)
	if ok, err := f.MatchContext(t.Context(), one); ok || !models.IsCode(err, models.CodeResultTooLarge) {
		t.Errorf("%v %v", ok, err)
	}
	if _, ok, err := f.MatchPositionsContext(t.Context(), one); ok || err == nil {
		t.Errorf("positions: %v %v", ok, err)
	}
	if f.Match(one) {
		t.Error("a document that could not be decided matches")
	}
}
