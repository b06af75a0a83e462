package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/transfer"
	"envshare/models"
)

// applyData brings documents and files to the declared state. They live outside
// of the records' transaction, so every step can be repeated: what is there is
// compared, never added twice.
type applyData struct {
	*Manifests
	actor   models.Actor
	options ApplyOptions
	appID   string
	steps   []Step
}

func (r *applyData) note(op, kind, subject, detail string) {
	r.steps = append(r.steps, Step{Op: op, Kind: kind, Subject: subject, Detail: detail})
}

// data carries out what a manifest declares in collections and storage.
func (s *Manifests) data(ctx context.Context, actor models.Actor, m Manifest, o ApplyOptions) ([]Step, error) {
	var steps []Step
	for _, app := range m.Apps {
		run := &applyData{Manifests: s, actor: actor, options: o, appID: app.AppID}
		for _, env := range app.Environments {
			if err := run.environment(ctx, env); err != nil {
				return nil, fmt.Errorf("environment %s: %w", env.ID, err)
			}
		}
		steps = append(steps, run.steps...)
	}
	return steps, nil
}

func (r *applyData) environment(ctx context.Context, env ManifestEnvironment) error {
	for _, name := range slices.Sorted(maps.Keys(env.Collections)) {
		if err := r.collection(ctx, env.ID, name, env.Collections[name]); err != nil {
			return fmt.Errorf("collection %s: %w", name, err)
		}
	}
	if env.Storage.Folder == "" {
		return nil
	}
	if err := r.folder(ctx, env.ID, env.Storage.Folder); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	return nil
}

func (r *applyData) collection(ctx context.Context, env, name string, declared ManifestCollection) error {
	if err := models.CheckCollectionName(name); err != nil {
		return err
	}
	subject := env + "/" + name
	indexes, err := r.documents.db.Indexes(ctx, env, name)
	switch {
	case models.IsCode(err, models.CodeCollectionUnknown):
		r.note("+", "collection", subject, "")
		if r.options.DryRun {
			for _, index := range declared.Indexes {
				r.note("+", "index", subject, index.name())
			}
			if declared.Documents == "" {
				return nil
			}
			return r.load(ctx, env, name, declared.Documents)
		}
		if err := r.documents.createCollection(ctx, env, name); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		r.note("=", "collection", subject, "")
	}
	if err := r.indexes(ctx, env, name, declared.Indexes, indexes); err != nil {
		return err
	}
	if declared.Documents == "" {
		return nil
	}
	return r.load(ctx, env, name, declared.Documents)
}

func (r *applyData) indexes(ctx context.Context, env, collection string, declared []ManifestIndex, existing []docdb.Index) error {
	for _, d := range declared {
		index, err := d.index()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(existing, func(i docdb.Index) bool { return i.Name == index.Name })
		same := at >= 0 && slices.Equal(existing[at].Keys, index.Keys) && existing[at].Unique == index.Unique && existing[at].Sparse == index.Sparse
		if same {
			r.note("=", "index", env+"/"+collection, index.Name)
			continue
		}
		op := "+"
		if at >= 0 {
			op = "~"
		}
		r.note(op, "index", env+"/"+collection, index.Name)
		if r.options.DryRun {
			continue
		}
		if at >= 0 {
			if err := r.documents.db.DropIndex(ctx, env, collection, index.Name); err != nil {
				return err
			}
		}
		if err := r.documents.db.CreateIndex(ctx, env, collection, index); err != nil {
			return fmt.Errorf("index %s: %w", index.Name, err)
		}
	}
	return nil
}

// load brings the documents of a file into a collection: those that are there
// already and differ are replaced.
func (r *applyData) load(ctx context.Context, env, collection, name string) error {
	file, err := r.options.Files.Open(path.Clean(name))
	if err != nil {
		return fmt.Errorf("documents: %w", err)
	}
	defer func() { _ = file.Close() }()
	format := transfer.JSON
	if strings.EqualFold(path.Ext(name), ".csv") {
		format = transfer.CSV
	}
	reader := transfer.NewReader(file, format, r.now())
	count := map[string]int{}
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if doc.Lookup("_id").IsZero() {
			return models.E(models.CodeInvalid, "error.document_needs_id", "file", name, "line", reader.Line())
		}
		op, err := r.put(ctx, env, collection, doc)
		if err != nil {
			return fmt.Errorf("%s, line %d: %w", name, reader.Line(), err)
		}
		count[op]++
	}
	for _, op := range []string{"+", "~", "="} {
		if count[op] > 0 {
			r.note(op, "documents", env+"/"+collection, strconv.Itoa(count[op]))
		}
	}
	return nil
}

// put adds or replaces a document and says which: "+", "~" or "=".
func (r *applyData) put(ctx context.Context, env, collection string, doc bson.Raw) (string, error) {
	filter := bsonDocument("_id", bsonEqual(doc.Lookup("_id")))
	var was bson.Raw
	err := r.documents.db.Find(ctx, env, collection, "", docdb.Query{Filter: filter, Limit: 1}, func(found bson.Raw) error {
		was = append(was, found...)
		return nil
	})
	switch {
	case r.options.DryRun && models.IsCode(err, models.CodeCollectionUnknown):
		return "+", nil
	case err != nil:
		return "", err
	case slices.Equal(was, doc):
		return "=", nil
	case was == nil && r.options.DryRun:
		return "+", nil
	case was == nil:
		_, err := r.documents.db.Insert(ctx, env, collection, "", []bson.Raw{doc})
		return "+", err
	case r.options.DryRun:
		return "~", nil
	}
	_, err = r.documents.db.Update(ctx, env, collection, "", docdb.Change{Filter: filter, Update: doc, Replace: true})
	return "~", err
}

// ManifestCollection declares a collection: what guards it against client
// calls, its indexes, and a file of documents (JSON Lines or CSV) relative to the
// manifest.
type ManifestCollection struct {
	Preset    string          `yaml:"preset"`
	Rules     map[string]any  `yaml:"rules"`
	Indexes   []ManifestIndex `yaml:"indexes"`
	Documents string          `yaml:"documents"`
}

// ManifestStorage declares the bucket: what guards it, and a folder whose files
// are stored under the paths they have in it.
type ManifestStorage struct {
	Preset string         `yaml:"preset"`
	Rules  map[string]any `yaml:"rules"`
	Folder string         `yaml:"folder"`
}

// rule returns the declared rule, nil when nothing is declared.
func (r *applyRun) rule(env string, kind models.RuleKind, name, preset string, rules map[string]any) (*models.AccessRule, error) {
	out := &models.AccessRule{EnvironmentID: env, Kind: kind, Name: name, Preset: models.Preset(preset), UpdatedAt: r.now()}
	switch {
	case preset == "" && rules == nil:
		return nil, nil //nolint:nilnil // nothing is declared
	case rules != nil && preset == "":
		text, err := json.Marshal(rules)
		if err != nil {
			return nil, fmt.Errorf("encode rules: %w", err)
		}
		out.Preset, out.Rules = models.PresetCustom, string(text)
	case rules != nil:
		return nil, models.E(models.CodeInvalid, "error.preset_and_rules")
	}
	return out, out.Validate()
}

// rules saves what guards an environment's collections and its bucket.
func (r *applyRun) rules(ctx context.Context, declared ManifestEnvironment) error {
	for _, name := range slices.Sorted(maps.Keys(declared.Collections)) {
		if err := models.CheckCollectionName(name); err != nil {
			return fmt.Errorf("collection %s: %w", name, err)
		}
		c := declared.Collections[name]
		if err := r.saveRule(ctx, declared.ID, models.RuleCollection, name, c.Preset, c.Rules); err != nil {
			return fmt.Errorf("collection %s: %w", name, err)
		}
	}
	return r.saveRule(ctx, declared.ID, models.RuleBucket, "", declared.Storage.Preset, declared.Storage.Rules)
}

// saveRule saves a declared rule of a collection or of the bucket.
func (r *applyRun) saveRule(ctx context.Context, env string, kind models.RuleKind, name, preset string, rules map[string]any) error {
	rule, err := r.rule(env, kind, name, preset, rules)
	if err != nil || rule == nil {
		return err
	}
	subject := strings.TrimSuffix(env+"/"+name, "/")
	existing, err := r.tx.AccessRules.ByName(ctx, env, kind, name)
	switch {
	case err == nil && existing.Preset == rule.Preset && existing.Rules == rule.Rules:
		r.note("=", "rule", subject, preset)
		return nil
	case err == nil:
		r.note("~", "rule", subject, preset)
	case models.IsCode(err, models.CodeNotFound):
		r.note("+", "rule", subject, preset)
	default:
		return err
	}
	return r.tx.AccessRules.Save(ctx, *rule)
}
