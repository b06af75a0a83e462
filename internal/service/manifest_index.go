package service

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"envshare/internal/docdb"
	"envshare/models"
)

// ManifestIndex declares an index. Keys names fields in order with 1, -1 or
// 2dsphere; without a name it has the vendor's: status_1_createdAt_-1.
type ManifestIndex struct {
	Name   string        `yaml:"name"`
	Keys   yaml.MapSlice `yaml:"keys"`
	Unique bool          `yaml:"unique"`
	Sparse bool          `yaml:"sparse"`
}

func (m ManifestIndex) name() string {
	if m.Name != "" {
		return m.Name
	}
	parts := make([]string, 0, len(m.Keys))
	for _, key := range m.Keys {
		parts = append(parts, fmt.Sprintf("%v_%v", key.Key, key.Value))
	}
	return strings.Join(parts, "_")
}

func (m ManifestIndex) index() (docdb.Index, error) {
	index := docdb.Index{Name: m.name(), Unique: m.Unique, Sparse: m.Sparse}
	for _, key := range m.Keys {
		kind := fmt.Sprint(key.Value)
		if kind != "1" && kind != "-1" && kind != "2dsphere" {
			return docdb.Index{}, models.E(models.CodeInvalid, "error.index_key", "field", fmt.Sprint(key.Key))
		}
		index.Keys = append(index.Keys, docdb.IndexKey{Path: fmt.Sprint(key.Key), Kind: kind})
	}
	return index, nil
}
