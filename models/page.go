package models

// DefaultPageSize and MaxPageSize bound lists of the console; maxPage keeps the
// offset of a page far below what a database can count.
const (
	DefaultPageSize = 20
	MaxPageSize     = 100
	maxPage         = 1_000_000
)

// PageRequest asks for one page of a list; Clamped makes it safe to use.
type PageRequest struct {
	Page int // from 1
	Size int
}

// Clamped returns the request with page and size within their bounds.
func (p PageRequest) Clamped() PageRequest {
	p.Page = min(max(p.Page, 1), maxPage)
	if p.Size <= 0 {
		p.Size = DefaultPageSize
	}
	p.Size = min(p.Size, MaxPageSize)
	return p
}

// Offset returns how many items come before the page.
func (p PageRequest) Offset() int { c := p.Clamped(); return (c.Page - 1) * c.Size }

// Within returns the request, for the last page where a later one was asked for
// than a list of that length has.
func (p PageRequest) Within(total int64) PageRequest {
	p = p.Clamped()
	last := max(1, (total+int64(p.Size)-1)/int64(p.Size))
	p.Page = int(min(int64(p.Page), last))
	return p
}
