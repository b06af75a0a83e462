package service

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/ejson"
	"envshare/internal/docdb/query"
	"envshare/internal/docdb/shell"
	"envshare/internal/docdb/value"
	"envshare/models"
)

// asWritten decodes a query that a person wrote: extended JSON, or the vendor's
// syntax. What is wrong is said of the part that it is wrong with.
func (s *Documents) asWritten(q DocumentQuery) (docdb.Query, error) {
	fields := models.Fields{}
	for _, part := range []struct {
		name string
		text *string
	}{{"query", &q.Query}, {"order", &q.Order}} {
		if _, err := ejson.DecodeDocument([]byte(*part.text), s.clock(), ejson.Limits{}); err == nil {
			continue
		}
		text, err := shell.JSON(*part.text, s.clock())
		if err != nil {
			fields[part.name] = models.MsgOf(err)
		}
		*part.text = text
	}
	if err := fields.Err(); err != nil {
		return docdb.Query{}, err
	}
	out, err := s.decodeQuery(q)
	if err != nil {
		return out, models.Fields{"query": models.MsgOf(err)}.Err()
	}
	// The engine reads both; a wrong order must not look like a wrong query.
	if _, err := query.ParseSort(out.Sort); err != nil {
		return out, models.Fields{"order": models.MsgOf(err)}.Err()
	}
	return out, nil
}

func shown(doc bson.Raw) ShownDocument {
	out := ShownDocument{Key: documentKey(doc.Lookup("_id")), Text: string(ejson.AppendCanonical(nil, doc)), Version: documentVersion(doc)}
	_ = value.Elements(doc, func(name string, v bson.RawValue) bool {
		out.Fields = append(out.Fields, ShownField{name, fieldText(v)})
		return true
	})
	return out
}

// fieldText is a value in a few words: texts as they are, dates as people write
// them, anything else as JSON.
func fieldText(v bson.RawValue) string {
	text := ""
	switch v.Type {
	case bson.TypeString:
		s, _ := value.Text(v)
		text = string(s)
	case bson.TypeDateTime:
		ms, _ := value.Millis(v)
		text = time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
	default:
		text = string(ejson.AppendValue(nil, v))
	}
	if runes := []rune(text); len(runes) > maxFieldText {
		return string(runes[:maxFieldText]) + "…"
	}
	return text
}
