package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"envshare/internal/identity"
	"envshare/internal/store"
	"envshare/models"
)

// Accounts are the console's users: first-run set-up, sign-in, sessions.
type Accounts struct {
	base
	keys        Keys
	limiter     *loginLimiter
	codes       *loginLimiter // of one-time codes, per user
	external    identity.External
	createUsers bool

	passwordMemory uint32 // KiB
}

// setupSetting names the digest of the one-time set-up token.
const setupSetting = "setup_token_digest"

// maxPasswordBytes bounds what is hashed for somebody who is not signed in.
const maxPasswordBytes = 4096

// SetupToken returns a fresh one-time token for the first-run page, or "" when
// the installation has users already. An earlier token stops working. For the
// command that serves; nobody else calls it.
func (s *Accounts) SetupToken(ctx context.Context) (string, error) {
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	token := ""
	err := s.store.Tx(ctx, func(tx *store.Store) error {
		n, err := tx.Users.Count(ctx)
		if err != nil || n > 0 {
			return err
		}
		token = base64.RawURLEncoding.EncodeToString(raw)
		return tx.Settings.Set(ctx, setupSetting, digest(token))
	})
	return token, err
}

// NeedsSetUp reports whether the installation has no users yet. Anybody may ask.
func (s *Accounts) NeedsSetUp(ctx context.Context) (bool, error) {
	n, err := s.store.Users.Count(ctx)
	return n == 0, err
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// CheckSetupToken returns nil when the token may be used to set up the
// installation, not found otherwise. Anybody who holds the token may call it.
func (s *Accounts) CheckSetupToken(ctx context.Context, token string) error {
	stored, err := s.store.Settings.Get(ctx, setupSetting)
	if err != nil {
		return err
	}
	// Digests are compared, so the time taken tells nothing about the token.
	if stored == "" || stored != digest(token) {
		return models.E(models.CodeNotFound, "error.setup_token")
	}
	return nil
}

// SetUp creates the first operator with the one-time token, which ends with it;
// of two who use it at once one gets not found. Field errors for name and
// password.
func (s *Accounts) SetUp(ctx context.Context, actor models.Actor, token, username, password string) (models.User, error) {
	if err := s.CheckSetupToken(ctx, token); err != nil {
		return models.User{}, err
	}
	user, err := s.newUser(ctx, username, password, true)
	if err != nil {
		return models.User{}, err
	}
	err = s.store.Tx(ctx, func(tx *store.Store) error {
		taken, err := tx.Settings.Delete(ctx, setupSetting, digest(token))
		if err != nil {
			return err
		}
		if !taken {
			return models.E(models.CodeNotFound, "error.setup_token")
		}
		if err := tx.Users.Insert(ctx, user); err != nil {
			return err
		}
		actor.UserID, actor.Username = user.ID, user.Username
		return record(ctx, tx, actor, s.now(), change{Action: models.AuditSetup, Subject: user.Username, After: userState(user, nil)})
	})
	return user, err
}

func (s *Accounts) newUser(ctx context.Context, username, password string, operator bool) (models.User, error) {
	now := s.now()
	user := models.User{ID: newID(), Username: username, Operator: operator, CreatedAt: now, UpdatedAt: now}
	if err := mergeFields(user.Validate(), models.ValidatePassword(password)); err != nil {
		return models.User{}, err
	}
	hash, err := hashPassword(ctx, password, s.passwordMemory)
	user.PasswordHash = hash
	return user, err
}

// mergeFields joins the field errors of several checks; any other error wins.
func mergeFields(errs ...error) error {
	all := models.Fields{}
	for _, err := range errs {
		fields := models.FieldErrors(err)
		if err != nil && fields == nil {
			return err
		}
		for field, msg := range fields {
			all[field] = msg
		}
	}
	return all.Err()
}

// unknownUserHash is compared against when there is no such user, so that the
// time taken does not tell. It is the hash of nothing anybody knows.
var unknownUserHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// SignIn signs in the user whose name and password these are, or begins to, where
// a second factor is needed. A wrong one of the two is unauthenticated, too many
// tries limited. Anybody may call it.
func (s *Accounts) SignIn(ctx context.Context, actor models.Actor, username, password string) (SignedIn, error) {
	username = strings.ToLower(strings.TrimSpace(username))
	nameKey := "user " + digest(username)
	addressKey := "ip " + actor.IP
	if !s.limiter.allow(addressKey, nameKey) {
		return SignedIn{}, models.E(models.CodeLimited, "error.login_limited")
	}
	wrong := models.E(models.CodeUnauthenticated, "error.login_wrong")
	if len(password) > maxPasswordBytes {
		return SignedIn{}, wrong
	}
	user, err := s.store.Users.ByUsername(ctx, username)
	hash := user.PasswordHash
	if models.IsCode(err, models.CodeNotFound) || err == nil && hash == "" {
		hash, err = unknownUserHash, nil // nobody, or somebody without a password
	}
	if err != nil {
		return SignedIn{}, err
	}
	ok, err := checkPassword(ctx, hash, password)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok || user.ID == "" {
		if err := s.recordRefusal(ctx, actor, username, methodPassword); err != nil {
			return SignedIn{}, err
		}
		return SignedIn{}, wrong
	}
	s.limiter.succeeded(nameKey, addressKey)
	return s.admit(ctx, actor, user, methodPassword)
}

// CreateUser adds a user with roles in apps. Operators and commands may call it;
// an existing name is a conflict.
func (s *Accounts) CreateUser(ctx context.Context, actor models.Actor, username, password string, operator bool, roles map[string]models.Role) (models.User, error) {
	if err := models.MayAdministerInstallation(actor).Err(); err != nil {
		return models.User{}, err
	}
	user, err := s.newUser(ctx, username, password, operator)
	if err != nil {
		return models.User{}, err
	}
	err = s.store.Tx(ctx, func(tx *store.Store) error { return s.insertUser(ctx, tx, actor, user, roles) })
	return user, err
}

// insertUser adds a user with roles. From then on nobody can set the
// installation up again.
func (s *Accounts) insertUser(ctx context.Context, tx *store.Store, actor models.Actor, user models.User, roles map[string]models.Role) error {
	if err := tx.Users.Insert(ctx, user); err != nil {
		return err
	}
	if err := setRoles(ctx, tx, user.ID, roles); err != nil {
		return err
	}
	if err := tx.Settings.Set(ctx, setupSetting, ""); err != nil {
		return err
	}
	return record(ctx, tx, actor, s.now(), change{Action: models.AuditUserCreated, Subject: user.Username, After: userState(user, roles)})
}

// setRoles gives a user roles in apps that must exist.
func setRoles(ctx context.Context, tx *store.Store, userID string, roles map[string]models.Role) error {
	for appID, role := range roles {
		_, err := tx.Apps.ByID(ctx, appID)
		if models.IsCode(err, models.CodeNotFound) {
			return models.E(models.CodeInvalid, "error.app_unknown", "appid", appID)
		}
		if err != nil {
			return err
		}
		if err := tx.Users.SetMembership(ctx, models.Membership{UserID: userID, AppID: appID, Role: role}); err != nil {
			return err
		}
	}
	return nil
}

func userState(u models.User, roles map[string]models.Role) map[string]any {
	apps := map[string]string{}
	for app, role := range roles {
		apps[app] = role.String()
	}
	return map[string]any{"username": u.Username, "operator": u.Operator, "apps": apps}
}

// SetLanguage stores the language of a user's interface. The user alone calls it.
func (s *Accounts) SetLanguage(ctx context.Context, actor models.Actor, language string) error {
	// In a transaction: it must not bring back a password that changes meanwhile.
	return s.store.Tx(ctx, func(tx *store.Store) error {
		user, err := tx.Users.ByID(ctx, actor.UserID)
		if err != nil {
			return err
		}
		user.Language, user.UpdatedAt = language, s.now()
		return tx.Users.Update(ctx, user)
	})
}

// BeginSession stores the new console session of a user, who is given as the sign-in
// found them: unauthenticated when they were disabled or all of their sign-ins ended
// since. web/session calls it for the person who signed in.
func (s *Accounts) BeginSession(ctx context.Context, user models.User, session models.Session) error {
	return s.store.Tx(ctx, func(tx *store.Store) error {
		if _, err := stillSignsIn(ctx, tx, user); err != nil {
			return err
		}
		return tx.Sessions.Insert(ctx, session)
	})
}

// SaveSession stores the new state of a console session that still stands, not found
// when it was ended meanwhile. web/session calls it for the person whose session it is.
func (s *Accounts) SaveSession(ctx context.Context, session models.Session) error {
	return s.store.Sessions.Update(ctx, session)
}

// Session returns a session that has not expired, with its user. web/session
// calls it for whoever holds the cookie.
func (s *Accounts) Session(ctx context.Context, id string) (models.Session, models.User, error) {
	session, err := s.store.Sessions.ByID(ctx, id, s.now())
	if err != nil {
		return models.Session{}, models.User{}, err
	}
	user, err := s.store.Users.ByID(ctx, session.UserID)
	if err == nil && !models.MaySignIn(user).Allowed {
		err = models.E(models.CodeNotFound, "error.not_found")
	}
	return session, user, err
}

// DeleteSession ends a session. web/session calls it at sign-out.
func (s *Accounts) DeleteSession(ctx context.Context, id string) error {
	return s.store.Sessions.Delete(ctx, id)
}
