package store

import (
	"context"

	"envshare/models"
)

// FunctionEvents keeps the named events that functions are tested with.
type FunctionEvents struct{ s *Store }

// List returns the events of a function by name.
func (r FunctionEvents) List(ctx context.Context, functionID string) ([]models.FunctionEvent, error) {
	var list []models.FunctionEvent
	return list, translate(r.s.reader(ctx).Order("name").Find(&list, "function_id = ?", functionID).Error)
}

// ByID returns an event of a function.
func (r FunctionEvents) ByID(ctx context.Context, functionID, id string) (models.FunctionEvent, error) {
	var e models.FunctionEvent
	return e, translate(r.s.reader(ctx).Take(&e, "id = ? AND function_id = ?", id, functionID).Error)
}

// Insert adds an event; a name that the function has is a conflict.
func (r FunctionEvents) Insert(ctx context.Context, e models.FunctionEvent) error {
	return translate(r.s.writer(ctx).Create(&e).Error)
}

// Update changes name and content of an event.
func (r FunctionEvents) Update(ctx context.Context, e models.FunctionEvent) error {
	return affected(r.s.writer(ctx).Model(&models.FunctionEvent{}).Where("id = ? AND function_id = ?", e.ID, e.FunctionID).
		Select("Name", "Content", "Revision", "UpdatedBy", "UpdatedAt").UpdateColumns(e))
}

// Delete removes an event of a function.
func (r FunctionEvents) Delete(ctx context.Context, functionID, id string) error {
	return affected(r.s.writer(ctx).Where("id = ? AND function_id = ?", id, functionID).Delete(&models.FunctionEvent{}))
}
