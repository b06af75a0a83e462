package service

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"envshare/internal/docdb"
	"envshare/internal/docdb/value"
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

// data carries out what a manifest declares in collections and storage. With an
// error come the steps before it.
func (s *Manifests) data(ctx context.Context, actor models.Actor, m Manifest, o ApplyOptions) (steps []Step, err error) {
	for _, app := range m.Apps {
		run := &applyData{Manifests: s, actor: actor, options: o, appID: app.AppID}
		for _, env := range app.Environments {
			if err := run.environment(ctx, env); err != nil {
				return append(steps, run.steps...), fmt.Errorf("environment %s: %w", env.ID, err)
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
		if r.options.DryRun {
			r.note("+", "collection", subject, "")
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
		r.note("+", "collection", subject, "")
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
		op, build := "+", r.documents.db.CreateIndex
		if at >= 0 {
			op, build = "~", r.documents.db.ReplaceIndex
		}
		if !r.options.DryRun {
			if err := build(ctx, env, collection, index); err != nil {
				return fmt.Errorf("index %s: %w", index.Name, err)
			}
		}
		r.note(op, "index", env+"/"+collection, index.Name)
	}
	return nil
}

// load brings the documents of a file into a collection: those that are there
// already and differ are replaced.
func (r *applyData) load(ctx context.Context, env, collection, name string) error {
	count := map[string]int{}
	err := eachDocument(r.options.Files, name, r.now(), func(doc bson.Raw, _ int) error {
		op, err := r.put(ctx, env, collection, doc)
		if err == nil {
			count[op]++
		}
		return err
	})
	for _, op := range []string{"+", "~", "="} {
		if count[op] > 0 {
			r.note(op, "documents", env+"/"+collection, strconv.Itoa(count[op]))
		}
	}
	return err
}

// put adds or replaces a document and says which: "+", "~" or "=".
func (r *applyData) put(ctx context.Context, env, collection string, doc bson.Raw) (string, error) {
	id := value.Get(doc, value.Path{"_id"})
	doc = idFirst(id, doc)
	filter := bsonDocument("_id", bsonEqual(id))
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

// rules saves what guards an environment's collections, bucket and functions, and
// what is decided about clients.
func (r *applyRun) rules(ctx context.Context, appID string, declared ManifestEnvironment) error {
	for _, name := range slices.Sorted(maps.Keys(declared.Collections)) {
		if err := models.CheckCollectionName(name); err != nil {
			return fmt.Errorf("collection %s: %w", name, err)
		}
		c := declared.Collections[name]
		if err := r.declaredRule(ctx, appID, declared.ID, models.RuleCollection, name, c.Preset, c.Rules); err != nil {
			return fmt.Errorf("collection %s: %w", name, err)
		}
	}
	if err := r.declaredRule(ctx, appID, declared.ID, models.RuleBucket, "", declared.Storage.Preset, declared.Storage.Rules); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if err := r.declaredRule(ctx, appID, declared.ID, models.RuleFunctions, "", "", declared.FunctionRules); err != nil {
		return fmt.Errorf("function_rules: %w", err)
	}
	return r.policy(ctx, declared)
}

// declaredRule saves a rule that a manifest declares.
func (r *applyRun) declaredRule(ctx context.Context, appID, env string, kind models.RuleKind, name, preset string, rules map[string]any) error {
	rule, err := r.rule(env, kind, name, preset, rules)
	if err != nil || rule == nil {
		return err
	}
	op, err := r.saveRule(ctx, r.tx, r.actor, appID, *rule)
	if err != nil {
		return ruleError(err)
	}
	r.note(op, "rule", strings.TrimSuffix(env+"/"+string(kind)+"/"+name, "/"), string(rule.Preset))
	return nil
}

// ruleError names the key of a wrong rule, which stands among the field errors.
func ruleError(err error) error {
	for key, msg := range models.FieldErrors(err) {
		return fmt.Errorf("%s: %w", key, &models.Error{Code: models.CodeInvalid, Msg: msg})
	}
	return err
}

// policy saves what a manifest declares about clients.
func (r *applyRun) policy(ctx context.Context, declared ManifestEnvironment) error {
	if declared.UnauthenticatedAccess == nil && declared.AllowedOrigins == nil {
		return nil
	}
	e, err := r.tx.Environments.ByID(ctx, declared.ID)
	if err != nil {
		return err
	}
	p := e.Policy()
	if declared.UnauthenticatedAccess != nil {
		p.Unauthenticated = *declared.UnauthenticatedAccess
	}
	if declared.AllowedOrigins != nil {
		if p.Origins, err = models.NormalOrigins(declared.AllowedOrigins); err != nil {
			return fmt.Errorf("allowed_origins: %w", err)
		}
	}
	changed, err := r.savePolicy(ctx, r.tx, r.actor, declared.ID, p)
	if err != nil {
		return err
	}
	op := "="
	if changed {
		op = "~"
	}
	r.note(op, "client access", declared.ID, fmt.Sprintf("unauthenticated %v, origins %s", p.Unauthenticated, strings.Join(p.Origins, " ")))
	return nil
}
