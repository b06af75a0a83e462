package handlers_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"envshare/internal/paths"
	"envshare/models"
)

func TestAuditExport(t *testing.T) {
	k := newWorld(t)
	ctx, s := t.Context(), k.kit.Services
	evil := models.Actor{UserID: "system", Username: "=HYPERLINK(1)", System: true, Via: "command", IP: "@import"}
	for _, name := range []string{"+1.txt", "-2+3.txt", "@x.txt", "a;=1+1.txt", "a\"b,c.txt", "plain.txt"} {
		_, err := s.Files.Store(ctx, evil, shop, shopTest, name, strings.NewReader("x"))
		must(t, err)
	}
	b := k.admin(shop)
	p := b.get(paths.ExportAudit(paths.Audit(shop)) + "?group=storage").want(200)
	if got := p.header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	if !strings.HasPrefix(p.header.Get("Content-Disposition"), "attachment; filename=audit-") || !strings.HasPrefix(p.body, "\ufeff") {
		t.Errorf("head: %q %q", p.header.Get("Content-Disposition"), p.body[:10])
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.body, "\ufeff"))).ReadAll()
	must(t, err)
	if len(rows) != 7 {
		t.Fatalf("%d rows", len(rows))
	}
	var subjects []string
	for _, row := range rows[1:] {
		subjects = append(subjects, row[7])
		if row[1] != "'=HYPERLINK(1)" || row[3] != "'@import" || row[6] != shopTest || !strings.Contains(row[8], "B") {
			t.Errorf("row %q", row)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a formula: %q", cell)
			}
		}
	}
	if got := strings.Join(subjects, "|"); got != `plain.txt|a"b,c.txt|a;'=1+1.txt|'@x.txt|'-2+3.txt|'+1.txt` {
		t.Errorf("subjects %s", got)
	}
	if rows[0][5] != text("audit.what") || rows[1][5] != text("audit_action.file.stored", "subject", "plain.txt") {
		t.Errorf("words: %q %q", rows[0], rows[1])
	}
	empty := b.get(paths.ExportAudit(paths.Audit(shop)) + "?subject=none").want(200)
	if lines := strings.Count(empty.body, "\n"); lines != 1 {
		t.Errorf("an empty export has %d lines", lines)
	}
}
