package service

import (
	"context"
	"time"

	"envshare/models"
)

func (r *applyRun) share(ctx context.Context, ownerAppID string, declared ManifestShare) error {
	in, err := declared.input()
	if err != nil {
		return err
	}
	subject := ownerAppID + " → " + declared.To
	existing, err := r.tx.Shares.Between(ctx, ownerAppID, declared.To)
	switch {
	case err == nil && sameShare(existing, in):
		r.note("=", "share", subject, "")
		return nil
	case err == nil:
		r.note("~", "share", subject, "")
	case models.IsCode(err, models.CodeNotFound):
		r.note("+", "share", subject, "")
	default:
		return err
	}
	_, err = r.sharing.save(ctx, r.tx, r.actor, ownerAppID, in)
	return err
}

// sameShare reports whether a share is what is declared already.
func sameShare(share models.Share, in ShareInput) bool {
	if share.Note != in.Note || len(share.Grants) != len(in.Grants) || !sameTime(share.Until, in.Until) {
		return false
	}
	for i, g := range in.Grants {
		if share.Grants[i].EnvironmentID != g.EnvironmentID || share.Grants[i].Permissions != g.Permissions {
			return false
		}
	}
	return true
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
