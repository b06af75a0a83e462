package service

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"envshare/internal/store"
	"envshare/models"
)

// preparedFunction is a declared function whose code was read and whose
// dependencies were installed, before the transaction begins.
type preparedFunction struct {
	source  Source
	archive []byte
	digest  string
	modules []byte
}

func (s *Manifests) prepareFolder(ctx context.Context, out map[functionKey]preparedFunction, env ManifestEnvironment, o ApplyOptions) error {
	root := path.Clean(env.Functions)
	if !fs.ValidPath(root) {
		return fmt.Errorf("functions: %w", models.E(models.CodeInvalid, "error.manifest_path", "path", env.Functions))
	}
	entries, err := fs.ReadDir(o.Files, root)
	if err != nil {
		return fmt.Errorf("functions: %w", manifestFile(env.Functions, err))
	}
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		source, err := SourceFromFS(o.Files, path.Join(root, entry.Name()))
		if err != nil {
			return fmt.Errorf("function %s: %w", entry.Name(), err)
		}
		p := preparedFunction{source: source}
		if p.archive, p.digest, err = source.zip(); err != nil {
			return err
		}
		deployed, err := deployedDigest(ctx, s.store, env.ID, entry.Name())
		if err != nil {
			return err
		}
		if deployed != p.digest && !o.DryRun {
			if p.modules, err = s.functions.install(ctx, source); err != nil {
				return fmt.Errorf("function %s: %w", entry.Name(), err)
			}
		}
		out[functionKey{env.ID, entry.Name()}] = p
	}
	return nil
}

// deployedDigest returns the digest of the code that runs, "" for none.
func deployedDigest(ctx context.Context, tx *store.Store, env, name string) (string, error) {
	f, err := tx.Functions.ByName(ctx, env, name)
	if models.IsCode(err, models.CodeNotFound) || err == nil && f.ActiveVersion == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	v, err := tx.Functions.Version(ctx, f.ID, f.ActiveVersion)
	return v.Digest, err
}

func (r *applyRun) deployAll(ctx context.Context, appID, env string) error {
	keys := slices.SortedFunc(maps.Keys(r.prepared), cmpKeys)
	for _, key := range keys {
		if key.environment != env {
			continue
		}
		if err := r.deploy(ctx, appID, key, r.prepared[key]); err != nil {
			return fmt.Errorf("function %s: %w", key.name, err)
		}
	}
	return nil
}

func cmpKeys(a, b functionKey) int {
	if a.name < b.name {
		return -1
	}
	if a.name > b.name {
		return 1
	}
	return 0
}

func (r *applyRun) deploy(ctx context.Context, appID string, key functionKey, p preparedFunction) error {
	deployed, err := deployedDigest(ctx, r.tx, key.environment, key.name)
	if err != nil {
		return err
	}
	if deployed == p.digest {
		r.note("=", "function", key.environment+"/"+key.name, "")
		return nil
	}
	d := Deployment{Name: key.name, Source: p.source}
	if err := r.functions.mayDeploy(ctx, r.tx, r.actor, appID, key.environment, d); err != nil {
		return err
	}
	v := models.FunctionVersion{
		ID: newID(), Digest: p.digest, SizeBytes: int64(len(p.archive)), FileCount: len(p.source.files),
		DeployedBy: r.actor.Username, CreatedAt: r.now(),
	}
	f, _, err := r.functions.insertVersion(ctx, r.tx, r.actor, appID, key.environment, d, v, p.archive, p.modules)
	if err != nil {
		return err
	}
	op := "~"
	if deployed == "" {
		op = "+"
	}
	r.note(op, "function", key.environment+"/"+key.name, fmt.Sprintf("version %d", f.ActiveVersion))
	return nil
}
