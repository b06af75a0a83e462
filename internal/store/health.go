package store

import "context"

// Health is what the database says of itself.
type Health struct {
	Dialect string // sqlite or postgres
	Version string
	// Bytes is the size of the database, -1 when the server does not tell.
	Bytes int64
	// Steps is how many migrations were made, Last the newest of them.
	Steps int64
	Last  string
}

// Health asks the database what it is.
func (s *Store) Health(ctx context.Context) (Health, error) {
	h := Health{Dialect: s.dialect, Bytes: -1}
	version, size := "SELECT sqlite_version()", "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	if s.dialect == "postgres" {
		version, size = "SHOW server_version", "SELECT pg_database_size(current_database())"
	}
	if err := s.reader(ctx).Raw(version).Scan(&h.Version).Error; err != nil {
		return h, translate(err)
	}
	var bytes int64
	if err := s.reader(ctx).Raw(size).Scan(&bytes).Error; err == nil {
		h.Bytes = bytes
	}
	row := struct {
		Steps int64
		Last  string
	}{}
	err := s.reader(ctx).Raw("SELECT COUNT(*) AS steps, COALESCE(MAX(id), '') AS last FROM migrations").Scan(&row).Error
	h.Steps, h.Last = row.Steps, row.Last
	return h, translate(err)
}

// Total returns how many files there are in all environments, and their bytes.
func (r Files) Total(ctx context.Context) (Sum, error) {
	var sum Sum
	err := r.s.reader(ctx).Table("files").Select("COUNT(*) AS files, COALESCE(SUM(size), 0) AS bytes").Scan(&sum).Error
	return sum, translate(err)
}
