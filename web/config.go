package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"envshare/models"
	"envshare/web/form"
	"envshare/web/session"
)

// Config is how the console is reached.
type Config struct {
	// Secure says that browsers reach the console through TLS, its own or a
	// proxy's. Cookies then never travel without it, and browsers are told to
	// stay with it. Only a console on loopback without TLS turns it off.
	Secure bool
	// TrustedProxies are the networks whose X-Forwarded-For is believed. Empty,
	// the default, the address of the socket is who asks.
	TrustedProxies []*net.IPNet
	// Hosts are the names, without ports, under which the console answers; empty
	// for any. It keeps a page of somebody else's, whose name was made to point
	// here, from talking to a console on loopback as if it were its own.
	Hosts []string
	// MaxUpload bounds a form with files of somebody who is signed in, in bytes;
	// zero for 64 MiB. Handlers set tighter bounds on what they take.
	MaxUpload int64
	// Streams are the routes, as their handlers wrote them, that read forms with
	// files part by part (form.PartsOf) and never whole, with what bounds such a
	// form, in bytes. Only somebody who is signed in may send one.
	Streams map[string]int64
	// LargeForms are the routes whose forms without files may be larger than others,
	// with what bounds them, in bytes, for somebody who is signed in.
	LargeForms map[string]int64
}

const defaultMaxUpload = 64 << 20

// Deps is what the shell needs from the rest of EnvShare.
type Deps struct {
	// Sessions keeps who is signed in.
	Sessions session.Records
	// Static holds the files that browsers load.
	Static fs.FS
	// Ready returns nil when the console can serve: database open and migrated.
	Ready func(context.Context) error
	// SetLanguage keeps the language that somebody who is signed in chose.
	SetLanguage func(ctx context.Context, actor models.Actor, language string) error
	// Logger is for the access log and for internal errors; nil for the default.
	Logger *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.MaxUpload <= 0 {
		c.MaxUpload = defaultMaxUpload
	}
	c.MaxUpload = max(c.MaxUpload, form.MaxBody)
	return c
}

func (d Deps) withDefaults() Deps {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return d
}
