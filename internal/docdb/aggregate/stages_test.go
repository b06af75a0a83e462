package aggregate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/docdb/query"
	"envshare/models"
)

func TestNamesWithNullCharactersAreRefused(t *testing.T) {
	src := collections{doc(t, `{"_id":1,"a":1,"name":"a\u0000b"}`)}
	for _, stage := range []string{
		`{"$count":"a\u0000b"}`,
		`{"$project":{"x":{"$arrayToObject":[[["a\u0000b",1]]]}}}`,
		`{"$project":{"x":{"$arrayToObject":[[{"k":"$name","v":1}]]}}}`,
		`{"$project":{"x":{"$setField":{"field":"a\u0000b","input":"$$ROOT","value":1}}}}`,
		`{"$project":{"x":{"$unsetField":{"field":"a\u0000b","input":"$$ROOT"}}}}`,
		`{"$match":{"$expr":{"$eq":[{"$arrayToObject":[[["$name",1]]]},1]}}}`,
		`{"$unwind":{"path":"$a","includeArrayIndex":"a\u0000b"}}`,
		`{"$lookup":{"from":"x","localField":"a","foreignField":"a","as":"a\u0000b"}}`,
		`{"$lookup":{"from":"x","localField":"a","foreignField":"a\u0000b","as":"x"}}`,
		`{"$geoNear":{"near":{"type":"Point","coordinates":[0,0]},"key":"a\u0000b","distanceField":"x"}}`,
		`{"$geoNear":{"near":{"type":"Point","coordinates":[0,0]},"key":"loc","distanceField":"a\u0000b"}}`,
		`{"$unset":"a\u0000b"}`,
	} {
		out, err := results(t, src, Options{}, `[`+stage+`]`)
		isMatch := strings.HasPrefix(stage, `{"$match"`) // where an expression that fails is no match
		if isMatch != (err == nil) || len(out) > 0 || err != nil && models.CodeOf(err) == models.CodeInternal {
			t.Errorf("%s: %v %v", stage, out, err)
		}
	}
	out, err := results(t, src, Options{}, `[{"$project":{"x":{"$objectToArray":{"k":"$name"}}}}]`)
	if err != nil || len(out) != 1 {
		t.Errorf("a null character in a value: %v %v", out, err)
	}
}

func TestGroupNamesCannotHaveDots(t *testing.T) {
	if _, err := results(t, collections{}, Options{}, `[{"$group":{"_id":1,"a.b":{"$sum":1}}}]`); !models.IsCode(err, models.CodeOperator) {
		t.Error(err)
	}
}

func TestWholeNumbersAtTheirEnds(t *testing.T) {
	src := collections{doc(t, `{"_id":1,"low":{"$numberLong":"-9223372036854775808"},"high":{"$numberLong":"9223372036854775807"},"int":{"$numberInt":"-2147483648"},"l":[1,2,3],"s":"中文","d":{"$date":{"$numberLong":"9223372036854775807"}}}`)}
	for expression, want := range map[string]string{
		`{"$mod":["$low",-1]}`:                                     `{"x":0}`,
		`{"$mod":["$low",0]}`:                                      "operator",
		`{"$abs":"$low"}`:                                          "operator",
		`{"$abs":"$int"}`:                                          `{"x":2147483648}`,
		`{"$slice":["$l","$low"]}`:                                 "operator",
		`{"$slice":["$l",-2147483648]}`:                            `{"x":[1,2,3]}`,
		`{"$slice":["$l",-2147483648,2147483647]}`:                 `{"x":[1,2,3]}`,
		`{"$slice":["$l",2147483647,2147483647]}`:                  `{"x":[]}`,
		`{"$range":["$low","$high"]}`:                              "operator",
		`{"$range":[-2147483648,2147483647]}`:                      "operator",
		`{"$range":[2147483646,2147483647]}`:                       `{"x":[2147483646]}`,
		`{"$range":[0,3,0]}`:                                       "operator",
		`{"$indexOfArray":["$l",3,0,2147483647]}`:                  `{"x":2}`,
		`{"$indexOfArray":["$l",1,2147483647]}`:                    `{"x":-1}`,
		`{"$substrCP":["$s",1,2147483647]}`:                        `{"x":"文"}`,
		`{"$substrCP":["$s",2147483647,2147483647]}`:               `{"x":""}`,
		`{"$indexOfCP":["$s","文",1,2147483647]}`:                   `{"x":1}`,
		`{"$substrBytes":["$s",3,2147483647]}`:                     `{"x":"文"}`,
		`{"$arrayElemAt":["$l",-2147483648]}`:                      `{}`,
		`{"$pow":["$low",2]}`:                                      `{"x":8.507059173023462e+37}`,
		`{"$round":["$int",-20]}`:                                  `{"x":0}`,
		`{"$trunc":[1.5,"$high"]}`:                                 "operator",
		`{"$add":["$d",1]}`:                                        "operator",
		`{"$subtract":["$d",{"$date":-1}]}`:                        "operator",
		`{"$add":[{"$date":0},1e300]}`:                             "operator",
		`{"$dateAdd":{"startDate":"$d","unit":"year","amount":1}}`: "operator",
		`{"$dateAdd":{"startDate":{"$date":0},"unit":"hour","amount":{"$numberLong":"9000000000000"}}}`: "operator",
		`{"$dateAdd":{"startDate":{"$date":0},"unit":"day","amount":"$low"}}`:                           "operator",
	} {
		out, err := results(t, src, Options{}, `[{"$project":{"_id":0,"x":`+expression+`}}]`)
		got := strings.Join(out, "")
		if err != nil {
			got = string(models.CodeOf(err))
		}
		if got != want {
			t.Errorf("%s gives %s %v, want %s", expression, got, err, want)
		}
	}
}

func TestWindowsTakeTheLargestNumbers(t *testing.T) {
	src := collections{doc(t, `{"_id":1}`), doc(t, `{"_id":2}`)}
	for stage, want := range map[string]int{
		`{"$limit":{"$numberLong":"9223372036854775807"}}`: 2, `{"$skip":{"$numberLong":"9223372036854775807"}}`: 0, `{"$sample":{"size":{"$numberLong":"9223372036854775807"}}}`: 2,
		`{"$sort":{"_id":1}},{"$skip":{"$numberLong":"9223372036854775807"}},{"$limit":{"$numberLong":"9223372036854775807"}}`: 0,
		`{"$bucketAuto":{"groupBy":"$_id","buckets":2147483647}}`:                                                              2,
	} {
		if out, err := results(t, src, Options{}, `[`+stage+`]`); err != nil || len(out) != want {
			t.Errorf("%s: %v %v", stage, out, err)
		}
	}
}

func TestRegexFindAllCountsCharacters(t *testing.T) {
	src := collections{doc(t, `{"_id":1,"s":"中b文bb"}`)}
	out, err := results(t, src, Options{}, `[{"$project":{"_id":0,"x":{"$map":{"input":{"$regexFindAll":{"input":"$s","regex":"b"}},"in":"$$this.idx"}}}}]`)
	if diff := cmp.Diff([]string{`{"x":[1,3,4]}`}, out); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestSetDifferenceKeepsTheOrderAndNothingTwice(t *testing.T) {
	out, err := results(t, collections{doc(t, `{"_id":1}`)}, Options{}, `[{"$project":{"_id":0,"x":{"$setDifference":[[3,1,2,3,1,"a"],[2]]}}}]`)
	if diff := cmp.Diff([]string{`{"x":[3,1,"a"]}`}, out); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// many are documents of a size.
func many(t *testing.T, n, size int) collections {
	var out collections
	for i := range n {
		out = append(out, doc(t, fmt.Sprintf(`{"_id":%d,"s":%q}`, i, strings.Repeat("a", size))))
	}
	return out
}

func TestLookupsTogetherKeepToTheMemoryOfThePipeline(t *testing.T) {
	src := many(t, 14, 100_000)
	lookups := strings.Repeat(`,{"$lookup":{"from":"docs","pipeline":[],"as":"x"}},{"$project":{"x":0}}`, 40)
	if _, err := results(t, src, Options{MemoryBytes: 10 << 20}, `[{"$limit":1}`+lookups+`]`); err != nil {
		t.Errorf("what a lookup remembers is no reason to fail: %v", err)
	}
	if _, err := results(t, src, Options{MemoryBytes: 1 << 20}, `[{"$limit":1},{"$lookup":{"from":"docs","pipeline":[],"as":"x"}}]`); !models.IsCode(err, models.CodeResultTooLarge) {
		t.Errorf("more than the memory was joined: %v", err)
	}
}

func TestLookupsThatAllStayInTheDocumentAreBounded(t *testing.T) {
	src := append(many(t, 13, 1<<20), doc(t, `{"_id":"one"}`))
	var lookups strings.Builder
	for i := range 40 {
		fmt.Fprintf(&lookups, `,{"$lookup":{"from":"docs","pipeline":[],"as":"x%d"}}`, i)
	}
	bytes := allocated(func() {
		if _, err := results(t, src, Options{}, `[{"$match":{"_id":"one"}}`+lookups.String()+`]`); !models.IsCode(err, models.CodeResultTooLarge) {
			t.Errorf("a document of 520 MB: %v", err)
		}
	})
	if bytes > 1<<30 {
		t.Errorf("%d MB were taken", bytes>>20)
	}
}

func TestLookupWithStagesThatKeepCanRunForManyDocuments(t *testing.T) {
	src := many(t, 300, 1000)
	out, err := results(t, src, Options{MemoryBytes: 2 << 20}, `[{"$lookup":{"from":"docs","let":{"i":"$_id"},"pipeline":[{"$addFields":{"i":"$$i"}},{"$sort":{"s":1}},{"$limit":1},{"$project":{"i":1}}],"as":"x"}},{"$count":"n"}]`)
	if err != nil || !slices.Equal(out, []string{`{"n":300}`}) {
		t.Errorf("%v %v", out, err)
	}
}

func TestSampleCountsWhatReplacesADocument(t *testing.T) {
	src := append(many(t, 20, 10), many(t, 400, 100_000)...)
	if _, err := results(t, src, Options{MemoryBytes: 1 << 20}, `[{"$sample":{"size":20}}]`); !models.IsCode(err, models.CodeResultTooLarge) {
		t.Errorf("20 documents of 100 kB fit into 1 MB: %v", err)
	}
}

func TestSorterGivesBackNoMoreThanItTook(t *testing.T) {
	left, lowest := 1<<20, 1<<20
	order, err := query.ParseSort(doc(t, `{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	s := NewSorter(order, 10, func(bytes int) error { left -= bytes; lowest = min(lowest, left); return nil })
	one := doc(t, `{"_id":1,"a":1}`)
	for range 10_000 {
		if err := s.Add(one); err != nil {
			t.Fatal(err)
		}
		if left > 1<<20 {
			t.Fatalf("the bound grew to %d", left)
		}
	}
	if lowest == 1<<20 || lowest < 1<<19 {
		t.Errorf("%d bytes were left at least", lowest)
	}
}

func TestDocumentsBetweenStagesAreBounded(t *testing.T) {
	var fields []string
	for i := range 80 {
		fields = append(fields, fmt.Sprintf(`"f%d":"$s"`, i))
	}
	src := many(t, 1, 1<<20)
	for i := range 40 {
		fields[i] = fmt.Sprintf(`"f%d":{"$concat":["$s","$s"]}`, i)
	}
	if _, err := results(t, src, Options{}, `[{"$project":{`+strings.Join(fields, ",")+`}}]`); !models.IsCode(err, models.CodeResultTooLarge) {
		t.Errorf("a document of 80 MB: %v", err)
	}
}
