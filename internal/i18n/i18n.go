// Package i18n holds the two catalogues of the interface, 简体中文 and English,
// and finds a text by its key.
//
// It knows keys, placeholders and locales. It must not know anything else of
// ours: callers pass keys and values.
package i18n

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/language"
)

// Locales that have a catalogue. Chinese is the first and the default.
const (
	Chinese = "zh"
	English = "en"
)

//go:embed zh.json
var zhJSON []byte

//go:embed en.json
var enJSON []byte

var catalogues = map[string]map[string]string{Chinese: load(zhJSON), English: load(enJSON)}

var matcher = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// load decodes an embedded catalogue. A broken one cannot be served at all, so
// it ends the programme at start.
func load(source []byte) map[string]string {
	var m map[string]string
	if err := json.Unmarshal(source, &m); err != nil {
		panic(fmt.Sprintf("i18n: broken catalogue: %v", err))
	}
	return m
}

// Supported reports whether locale has a catalogue.
func Supported(locale string) bool { return catalogues[locale] != nil }

// Match returns the locale that fits an Accept-Language header best, Chinese
// when nothing fits.
func Match(acceptLanguage string) string {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Chinese
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No || index == 0 {
		return Chinese
	}
	return English
}

type localeKey struct{}

// WithLocale returns a context in which T answers in locale.
func WithLocale(ctx context.Context, locale string) context.Context {
	return context.WithValue(ctx, localeKey{}, locale)
}

// Locale returns the locale of the context, Chinese when there is none.
func Locale(ctx context.Context) string {
	if l, ok := ctx.Value(localeKey{}).(string); ok && Supported(l) {
		return l
	}
	return Chinese
}

// T returns the text of key in the locale of ctx, with {name} placeholders
// filled from alternating names and values.
func T(ctx context.Context, key string, namesAndValues ...any) string {
	pairs := make([]string, 0, len(namesAndValues))
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", namesAndValues[i]), show(Locale(ctx), namesAndValues[i+1]))
	}
	return fill(Locale(ctx), key, pairs)
}

// Text returns the text of key in locale, with placeholders filled from args.
func Text(locale, key string, args map[string]any) string {
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", show(locale, value))
	}
	return fill(locale, key, pairs)
}

// Both returns the text in Chinese and in English, for surfaces that cannot know
// who reads: errors of the wire protocols.
func Both(key string, args map[string]any) string {
	return Text(Chinese, key, args) + " / " + Text(English, key, args)
}

// Named is a value that has a text of its own in the catalogues, such as a
// permission.
type Named interface{ MessageKey() string }

// show turns a placeholder's value into text.
func show(locale string, value any) string {
	if named, ok := value.(Named); ok {
		return fill(locale, named.MessageKey(), nil)
	}
	return fmt.Sprint(value)
}

// fill looks a text up. A key that no catalogue has is shown as it is; a test
// finds those before a person does.
func fill(locale, key string, pairs []string) string {
	text, ok := catalogues[locale][key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
