package update

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb/ejson"
	"envshare/models"
)

func doc(t testing.TB, text string) bson.Raw {
	t.Helper()
	raw, err := ejson.DecodeDocument([]byte(text), time.UnixMilli(0), ejson.Limits{})
	if err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return raw
}

// apply returns the changed document as text, or the code of the error.
func apply(t testing.TB, document, change string) string {
	t.Helper()
	u, err := Parse(doc(t, change), time.UnixMilli(0))
	if err != nil {
		return string(models.CodeOf(err)) + " " + models.MsgOf(err).Key
	}
	out, _, err := u.Apply(doc(t, document), -1)
	if err != nil {
		return string(models.CodeOf(err)) + " " + models.MsgOf(err).Key
	}
	return string(ejson.AppendDocument(nil, out))
}

func TestUpdates(t *testing.T) {
	const conflict, array, large = "write_refused docdb.update_conflict", "write_refused docdb.update_rename_array", "write_refused docdb.document_large"
	for _, c := range []struct{ name, document, change, want string }{
		{"a path and one below it conflict", `{}`, `{"$set":{"a":{},"a-b":1,"a.c":2}}`, conflict},
		{"in any order", `{}`, `{"$set":{"a.c.d":2,"a-b":1},"$unset":{"a":1}}`, conflict},
		{"as does a path twice", `{}`, `{"$set":{"a":1},"$inc":{"a":1}}`, conflict},
		{"and the target of $rename", `{"a":1}`, `{"$rename":{"a":"b"},"$set":{"b.c":1}}`, conflict},
		{"names that begin alike do not", `{}`, `{"$set":{"a":1,"ab":2,"a-b.c":3}}`, `{"a":1,"ab":2,"a-b":{"c":3}}`},
		{"$rename into an array", `{"a":1,"arr":[1]}`, `{"$rename":{"a":"arr.0"}}`, array},
		{"$rename below an array", `{"a":1,"o":{"arr":[{}]}}`, `{"$rename":{"a":"o.arr.0.x"}}`, array},
		{"$rename out of an array", `{"arr":[{"x":1}]}`, `{"$rename":{"arr.0.x":"a"}}`, array},
		{"$rename of a whole array", `{"arr":[1]}`, `{"$rename":{"arr":"o.l"}}`, `{"o":{"l":[1]}}`},
		{"$position before the start", `{"l":[1,2]}`, `{"$push":{"l":{"$each":[0],"$position":{"$numberLong":"-9223372036854775808"}}}}`, `{"l":[0,1,2]}`},
		{"$position behind the end", `{"l":[1,2]}`, `{"$push":{"l":{"$each":[0],"$position":{"$numberLong":"9223372036854775807"}}}}`, `{"l":[1,2,0]}`},
		{"$slice of the lowest number", `{"l":[1,2]}`, `{"$push":{"l":{"$each":[0],"$slice":{"$numberLong":"-9223372036854775808"}}}}`, `{"l":[1,2,0]}`},
		{"$slice of the highest number", `{"l":[1,2]}`, `{"$push":{"l":{"$each":[0],"$slice":{"$numberLong":"9223372036854775807"}}}}`, `{"l":[1,2,0]}`},
		{"$bit of an int and a long", `{"n":-1}`, `{"$bit":{"n":{"and":{"$numberLong":"-9223372036854775808"}}}}`, `{"n":{"$numberLong":"-9223372036854775808"}}`},
		{"$inc beyond a long", `{"n":{"$numberLong":"9223372036854775807"}}`, `{"$inc":{"n":1}}`, "write_refused docdb.update_overflow"},
		{"$mul beyond an int", `{"n":-2147483648}`, `{"$mul":{"n":-1}}`, `{"n":2147483648}`},
		{"$addToSet of many", `{"l":[1,"a"]}`, `{"$addToSet":{"l":{"$each":[` + strings.Repeat(`1,"a",{"$numberDouble":"1.0"},`, 200) + `2]}}}`, `{"l":[1,"a",2]}`},
		{"$pullAll", `{"l":[3,1,"a",2,1]}`, `{"$pullAll":{"l":[1,"a",9]}}`, `{"l":[3,2]}`},
		{"$pull", `{"l":[3,{"k":1},{"k":5}]}`, `{"$pull":{"l":{"k":{"$gt":2}}}}`, `{"l":[3,{"k":1}]}`},
		{"$set of every element", `{"l":[` + strings.Repeat("1,", 100_000) + `1]}`, fmt.Sprintf(`{"$set":{"l.$[]":%q}}`, strings.Repeat("x", 100_000)), large},
		{"$push to every element", `{"l":[` + strings.Repeat("[],", 100_000) + `[]]}`, fmt.Sprintf(`{"$push":{"l.$[]":%q}}`, strings.Repeat("x", 100_000)), large},
		{"fields of every element", `{"l":[` + strings.Repeat("{},", 100_000) + `{}]}`, fmt.Sprintf(`{"$set":{"l.$[].x":%q}}`, strings.Repeat("x", 100_000)), large},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if got := apply(t, c.document, c.change); got != c.want {
				t.Errorf("got %.300s, want %s", got, c.want)
			}
			runtime.ReadMemStats(&after)
			if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 256<<20 {
				t.Errorf("took %d MB", bytes>>20)
			}
		})
	}
}

func TestPullThatTakesTooLongIsRefused(t *testing.T) {
	list := strings.Repeat(`{"k":1},`, 200_000)
	condition := strings.Repeat(`{"k":2},`, 5_000)
	start := time.Now()
	got := apply(t, `{"l":[`+list+`1]}`, `{"$pull":{"l":{"$or":[`+condition+`{"k":3}]}}}`)
	if took := time.Since(start); got != "result_too_large docdb.expr_steps" || took > 5*time.Minute {
		t.Errorf("%.200s after %s", got, took)
	}
}
