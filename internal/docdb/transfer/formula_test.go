package transfer

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What clients store is opened in a spreadsheet by somebody who trusts the console.
func TestNoCellOfCSVIsAFormula(t *testing.T) {
	var list []string
	for i, text := range []string{
		"=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "a;=1+1", "a|@x", "a\n=1+1", "a; =1", "'=1", "plain", "a-b", "a=b", "“=1",
	} {
		list = append(list, fmt.Sprintf(`{"_id":"%d","text":%q}`, i, text))
	}
	list = append(list, `{"_id":"x","=cmd()":"x","'=cmd()":"y","''=z":"z","-n":1,"＠n":1,"'plain":1,"o":{"=in":1}}`)
	var out bytes.Buffer
	export(t, &out, CSV, list)
	for _, comma := range []rune{',', ';'} {
		r := csv.NewReader(strings.NewReader(out.String()))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 && strings.Trim(cell, "-0123456789") != "" {
					t.Errorf("a formula: %q, of %q", cell, row)
				}
			}
		}
	}
	docs, bad := readAll(t, out.String(), CSV)
	if diff := cmp.Diff(list, docs); diff != "" || len(bad) > 0 {
		t.Errorf("%s\n%v\n%s", diff, bad, out.String())
	}
}
