package service

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"envshare/internal/store"
	"envshare/internal/testkit/databases"
	"envshare/models"
)

const password = "correct horse battery"

func TestAccounts_TheSetupTokenWorksOnce(t *testing.T) {
	databases.Each(t, func(t *testing.T, o store.Options) {
		w, ctx := emptyWorld(t, o), t.Context()
		wantError(t, w.Accounts.CheckSetupToken(ctx, ""), models.CodeNotFound, "error.setup_token")
		old, err := w.Accounts.SetupToken(ctx)
		must(t, err)
		token, err := w.another(t).Accounts.SetupToken(ctx)
		must(t, err)
		if token == "" || token == old {
			t.Fatalf("tokens %q and %q", old, token)
		}
		wantError(t, w.Accounts.CheckSetupToken(ctx, old), models.CodeNotFound, "error.setup_token")
		must(t, w.Accounts.CheckSetupToken(ctx, token))
		_, err = w.Accounts.SetUp(ctx, models.Actor{}, token, "Root!", "short")
		if fields := models.FieldErrors(err); len(fields) != 2 || fields["username"].Key == "" || fields["password"].Key == "" {
			t.Fatalf("a bad name and password: %v %v", err, fields)
		}
		worlds := []*world{w, w.another(t)}
		won := 0
		for _, err := range atOnce(6, func(i int) error {
			_, err := worlds[i%2].Accounts.SetUp(ctx, models.Actor{IP: "192.0.2.1", Via: "console"}, token, fmt.Sprint("root", i), password)
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			wantError(t, err, models.CodeNotFound, "error.setup_token")
		}
		same(t, 1, won)
		n, err := w.store.Users.Count(ctx)
		must(t, err)
		same(t, int64(1), n)
		again, err := w.Accounts.SetupToken(ctx)
		must(t, err)
		same(t, "", again)
	})
}

func TestAccounts_AUserEndsTheSetup(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	token, err := w.Accounts.SetupToken(ctx)
	must(t, err)
	user, err := w.Accounts.CreateUser(ctx, system, "root", password, true, nil)
	must(t, err)
	if !user.Operator || strings.Contains(user.PasswordHash, password) {
		t.Fatalf("created %+v", user)
	}
	_, err = w.Accounts.SetUp(ctx, models.Actor{}, token, "eve", password)
	wantError(t, err, models.CodeNotFound, "error.setup_token")
	_, err = w.Accounts.CreateUser(ctx, system, "root", password, false, nil)
	wantError(t, err, models.CodeConflict, "error.exists")
	_, err = w.Accounts.CreateUser(ctx, system, "dave", password, false, map[string]models.Role{nobodys: models.RoleAdmin})
	wantError(t, err, models.CodeInvalid, "error.app_unknown")
	_, err = w.Accounts.CreateUser(ctx, shopAdmin, "dave", password, false, nil)
	wantError(t, err, models.CodeForbidden, "error.operator_needed")
	n, err := w.store.Users.Count(ctx)
	must(t, err)
	same(t, int64(1), n)
}

func TestAccounts_SignIn(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	created, err := w.Accounts.CreateUser(ctx, system, "ann", password, false, nil)
	must(t, err)
	in, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "  ANN ", password)
	must(t, err)
	same(t, created.ID, in.User.ID)
	for name, c := range map[string][2]string{
		"wrong password": {"ann", "wrong"}, "no password": {"ann", ""}, "unknown user": {"eve", password}, "no user": {"", ""},
		"endless password": {"ann", strings.Repeat("x", maxPasswordBytes+1)}, "endless name": {strings.Repeat("文", 500), password},
		"a name that is no text": {"a\xff\x00", password},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Accounts.SignIn(ctx, models.Actor{IP: name}, c[0], c[1])
			wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
		})
	}
	_, err = w.Accounts.SetUp(ctx, models.Actor{}, "", "eve", password)
	wantError(t, err, models.CodeNotFound, "error.setup_token")
	events, _, err := w.store.Audit.List(ctx, "", models.PageRequest{Size: 100})
	must(t, err)
	counts := map[models.AuditAction]int{}
	for _, e := range events {
		counts[e.Action]++
	}
	same(t, map[models.AuditAction]int{models.AuditUserCreated: 1, models.AuditSignIn: 1, models.AuditSignInRefused: 6}, counts)
}

// Whether a user exists must not show in the time: both cases hash once, at the
// same cost.
func TestAccounts_UnknownUsersCostAsMuchAsWrongPasswords(t *testing.T) {
	hash, err := hashPassword(t.Context(), password, argonMemory)
	must(t, err)
	costs := func(h string) string { return strings.Join(strings.Split(h, "$")[:4], "$") }
	same(t, costs(hash), costs(unknownUserHash))
	same(t, len(hash), len(unknownUserHash))
	for _, guess := range []string{"", password, "x"} {
		ok, err := checkPassword(t.Context(), unknownUserHash, guess)
		must(t, err)
		if ok {
			t.Fatalf("%q opens the account of nobody", guess)
		}
	}
}

func TestPassword_Format(t *testing.T) {
	ctx := t.Context()
	hash, err := hashPassword(ctx, password, argonMemory)
	must(t, err)
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" || parts[3] != "m=19456,t=2,p=1" {
		t.Fatalf("hash %s", hash)
	}
	for i, size := range map[int]int{4: argonSaltLen, 5: argonKeyLen} {
		raw, err := base64.RawStdEncoding.DecodeString(parts[i])
		must(t, err)
		same(t, size, len(raw))
	}
	other, err := hashPassword(ctx, password, argonMemory)
	must(t, err)
	if hash == other {
		t.Fatal("two hashes of one password are alike")
	}
	for guess, want := range map[string]bool{password: true, password + " ": false, "": false, strings.ToUpper(password): false} {
		ok, err := checkPassword(ctx, hash, guess)
		must(t, err)
		same(t, want, ok)
	}
	weak := "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" // another cost, as an older version may have stored
	for name, broken := range map[string]string{
		"nothing": "", "plain text": password, "another algorithm": strings.Replace(hash, "argon2id", "argon2i", 1),
		"another version": strings.Replace(hash, "v=19", "v=16", 1), "endless passes": strings.Replace(hash, "t=2", "t=1000000", 1),
		"endless memory": strings.Replace(hash, "m=19456", "m=1999999999", 1), "no threads": strings.Replace(hash, "p=1", "p=0", 1),
		"no base64": strings.Replace(hash, parts[4], "%%%", 1), "no hash": weak, "cut": strings.Join(parts[:5], "$"),
	} {
		if ok, err := checkPassword(ctx, broken, password); ok || !errors.Is(err, errHashFormat) {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
}

func TestLoginLimiter(t *testing.T) {
	t.Run("a few tries at once, then one every ten seconds", func(t *testing.T) {
		c := &clock{t: start}
		l := newLoginLimiter(c.now, loginEvery, loginBurst)
		for i := range loginBurst {
			if !l.allow("ip a", "user a") {
				t.Fatalf("try %d is refused", i)
			}
		}
		for range 3 {
			if l.allow("ip a", "user b") || l.allow("ip b", "user a") {
				t.Fatal("a try too many, by address or by name")
			}
		}
		if !l.allow("ip c", "user c") {
			t.Fatal("others are refused too")
		}
		c.advance(loginEvery - 1)
		if l.allow("ip a", "user d") {
			t.Fatal("too early")
		}
		c.advance(1)
		if !l.allow("ip a", "user d") || l.allow("ip a", "user d") {
			t.Fatal("ten seconds give one try")
		}
		c.advance(loginEvery * loginBurst)
		for i := range loginBurst {
			if !l.allow("ip a", "user a") {
				t.Fatalf("try %d after a rest is refused", i)
			}
		}
	})
	t.Run("a right password gives the name's tries back", func(t *testing.T) {
		l := newLoginLimiter((&clock{t: start}).now, loginEvery, loginBurst)
		for i := range 5 * loginBurst {
			if !l.allow(fmt.Sprint("ip ", i), "user a") {
				t.Fatalf("sign-in %d is refused", i)
			}
			l.succeeded("user a", fmt.Sprint("ip ", i))
		}
	})
	t.Run("many people behind one address sign in", func(t *testing.T) {
		l := newLoginLimiter((&clock{t: start}).now, loginEvery, loginBurst)
		for i := range 5 * loginBurst {
			name := fmt.Sprint("user ", i)
			if !l.allow("ip a", name) {
				t.Fatalf("sign-in %d is refused", i)
			}
			l.succeeded(name, "ip a")
		}
	})
	t.Run("one known password gains no tries at the others", func(t *testing.T) {
		l := newLoginLimiter((&clock{t: start}).now, loginEvery, loginBurst)
		guesses := 0
		for i := range 5 * loginBurst {
			if l.allow("ip a", "user known") {
				l.succeeded("user known", "ip a")
			}
			if l.allow("ip a", fmt.Sprint("user ", i)) {
				guesses++
			}
		}
		if guesses > loginBurst {
			t.Fatalf("%d guesses", guesses)
		}
	})
	t.Run("its memory is bounded and comes free again", func(t *testing.T) {
		c := &clock{t: start}
		l := newLoginLimiter(c.now, loginEvery, loginBurst)
		for i := range maxLoginEntries - 1 {
			l.entries[fmt.Sprint(i)] = &loginEntry{seen: start}
		}
		if l.allow("ip new", "user new") {
			t.Fatal("let through without being counted")
		}
		if len(l.entries) != maxLoginEntries {
			t.Fatalf("%d entries", len(l.entries))
		}
		c.advance(loginEvery*loginBurst + 1)
		if !l.allow("ip new", "user new") || len(l.entries) != 2 {
			t.Fatalf("%d entries after a rest", len(l.entries))
		}
	})
	t.Run("one address cannot fill it with names", func(t *testing.T) {
		l := newLoginLimiter((&clock{t: start}).now, loginEvery, loginBurst)
		for i := range 1000 {
			l.allow("ip a", fmt.Sprint("user ", i))
		}
		if len(l.entries) > 1+loginBurst {
			t.Fatalf("%d entries", len(l.entries))
		}
	})
}

func TestAccounts_TooManySignInsAreLimited(t *testing.T) {
	w, ctx := emptyWorld(t, store.Options{DataDir: t.TempDir()}), t.Context()
	_, err := w.Accounts.CreateUser(ctx, system, "ann", password, false, nil)
	must(t, err)
	for range loginBurst {
		_, err := w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.1"}, "ann", "wrong")
		wantError(t, err, models.CodeUnauthenticated, "error.login_wrong")
	}
	_, err = w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.2"}, "ann", password)
	wantError(t, err, models.CodeLimited, "error.login_limited")
	w.clock.advance(loginEvery)
	_, err = w.Accounts.SignIn(ctx, models.Actor{IP: "192.0.2.2"}, "Ann", password)
	must(t, err)
}

func TestAccounts_Sessions(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		save := func(id, user string) {
			t.Helper()
			w.begin(t, models.Session{
				ID: id, UserID: user, Data: []byte("x"), CreatedAt: start, LastSeenAt: start, ExpiresAt: start.Add(time.Hour),
			})
		}
		save("one", "shop-admin")
		save("two", "shop-viewer")
		session, user, err := w.another(t).Accounts.Session(ctx, "one")
		must(t, err)
		same(t, []string{"shop-admin", "shop-admin", "x"}, []string{session.UserID, user.Username, string(session.Data)})
		must(t, w.Accounts.DeleteSession(ctx, "one"))
		_, _, err = w.Accounts.Session(ctx, "one")
		wantError(t, err, models.CodeNotFound, "error.not_found")

		_, err = w.raw(t).ExecContext(ctx, "DELETE FROM users WHERE id = 'shop-viewer'")
		must(t, err)
		_, _, err = w.Accounts.Session(ctx, "two")
		wantError(t, err, models.CodeNotFound, "error.not_found")

		save("three", "shop-admin")
		w.clock.advance(time.Hour)
		_, _, err = w.Accounts.Session(ctx, "three")
		wantError(t, err, models.CodeNotFound, "error.not_found")
		must(t, w.Accounts.SetLanguage(ctx, shopAdmin, "en"))
		changed, err := w.store.Users.ByID(ctx, "shop-admin")
		must(t, err)
		same(t, "en", changed.Language)
	})
}
