package models

import "time"

// RuleKind says what an access rule guards.
type RuleKind string

// What rules guard: a collection, the one bucket of an environment, and calls of
// its functions.
const (
	RuleCollection RuleKind = "collection"
	RuleBucket     RuleKind = "bucket"
	RuleFunctions  RuleKind = "functions"
)

// Preset is a ready access rule for client calls (DESIGN.md section 5).
type Preset string

// The presets. A collection or bucket without a rule has PresetDefault.
const (
	PresetCreator      Preset = "creator_read_write"
	PresetAllRead      Preset = "all_read_creator_write"
	PresetAllReadAdmin Preset = "all_read_admin_write"
	PresetAdmin        Preset = "admin_read_write"
	PresetCustom       Preset = "custom"
	PresetDefault             = PresetCreator
)

// MessageKey is the catalogue key of the preset's name for people.
func (p Preset) MessageKey() string { return "preset." + string(p) }

// Presets returns the ready rules in the order in which they are shown.
func Presets() []Preset {
	return []Preset{PresetCreator, PresetAllRead, PresetAllReadAdmin, PresetAdmin}
}

// AccessRule guards a collection or the bucket against client calls. Calls of
// the server SDK pass it.
type AccessRule struct {
	EnvironmentID string   `gorm:"primaryKey"`
	Kind          RuleKind `gorm:"primaryKey"`
	Name          string   `gorm:"primaryKey"` // of the collection; "" for the bucket
	Preset        Preset
	Rules         string // JSON text of the custom rule; "" unless the preset is custom
	UpdatedAt     time.Time
}

// Validate says what is wrong with the rule's form.
func (r AccessRule) Validate() error {
	if r.Preset == PresetCustom && r.Rules != "" {
		return nil
	}
	for _, p := range Presets() {
		if r.Preset == p && r.Rules == "" {
			return nil
		}
	}
	return E(CodeInvalid, "error.preset", "preset", string(r.Preset))
}

// RuleVersion is a rule as it was saved at a time.
type RuleVersion struct {
	ID            string `gorm:"primaryKey"`
	EnvironmentID string
	Kind          RuleKind
	Name          string
	Preset        Preset
	Rules         string
	SavedBy       string // name of who saved it
	CreatedAt     time.Time
}
