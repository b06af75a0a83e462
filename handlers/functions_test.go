package handlers_test

import (
	"archive/zip"
	"bytes"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/internal/testkit"
	"envshare/models"
)

// upload sends a form with files: fields and files alternate names and values.
func (b *browser) upload(path, token string, fields []string, field string, files ...string) *page {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	must(b.t, w.WriteField("_csrf", token))
	for i := 0; i+1 < len(fields); i += 2 {
		must(b.t, w.WriteField(fields[i], fields[i+1]))
	}
	for i := 0; i+1 < len(files); i += 2 {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="` + field + `"; filename="` + files[i] + `"`}, "Content-Type": {"application/octet-stream"},
		})
		must(b.t, err)
		_, err = part.Write([]byte(files[i+1]))
		must(b.t, err)
	}
	must(b.t, w.Close())
	return b.do("POST", path, w.FormDataContentType(), &body)
}

func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i+1 < len(files); i += 2 {
		part, err := w.Create(files[i])
		must(t, err)
		_, err = part.Write([]byte(files[i+1]))
		must(t, err)
	}
	must(t, w.Close())
	return buf.String()
}

// deploy puts a function into an environment of shop, as a command would.
func (k *console) deploy(env, name, code string) {
	k.t.Helper()
	source, err := service.NewSource([]service.SourceFile{{Path: "index.js", Data: []byte(code)}})
	must(k.t, err)
	_, err = k.kit.Services.Functions.Deploy(k.t.Context(), testkit.Actor, shop, env, service.Deployment{Name: name, Source: source})
	must(k.t, err)
}

func TestNewFunction(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	index, form := paths.Functions(shop, shopTest), paths.NewFunction(shop, shopTest)
	k.share(shop, diner, shopTest, models.FunctionsView)
	b.get(index).want(200).wantText(`[data-testid="auth-missing"]`, text("functions.auth_missing"))

	t.Run("the link to the gate's template opens its form filled in", func(t *testing.T) {
		link := paths.NewFunctionFrom(shop, shopTest, models.AuthFunction)
		b.get(link).want(200).wantCount(`input[name="name"][value="`+models.AuthFunction+`"]`, 1).wantCount(`#template-cloudbase_auth[checked]`, 1)
		b.get(paths.NewFunctionFrom(shop, shopTest, "caller")).want(200).wantCount(`#template-caller[checked]`, 1).wantCount(`input[name="name"][value=""]`, 1)
		b.get(paths.NewFunctionFrom(shop, shopTest, "rootkit")).want(200).wantCount(`#template-hello[checked]`, 1)
	})
	t.Run("from each template, and the gate with one click", func(t *testing.T) {
		for template, name := range map[string]string{"hello": "hello", "caller": "callThem", "database": "todos", "empty": "nothing"} {
			b.submit(b.get(form), index, "name", name, "template", template).
				wantRedirect(paths.Function(shop, shopTest, name)).follow().want(200).wantFlash(text("flash.function_created", "name", name))
		}
		b.get(paths.FunctionCode(shop, shopTest, "callThem")).want(200).wantText(`[data-testid="source"]`,
			"new cloud.Cloud({ resourceAppid, resourceEnv })", "await resource.init()", "resource.callFunction(")
		b.submit(b.get(index), index).wantRedirect(paths.Function(shop, shopTest, models.AuthFunction))
		p := b.get(index).want(200).wantCount(`[data-testid="function-row"]`, 5).wantCount(`[data-testid="auth-missing"]`, 0)
		p.wantText(`[data-testid="function-row"]:contains("hello")`, "v1", "256 MB", "20 s", text("shares.never"))
		p.wantText(`[data-testid="function-row"]:contains("cloudbase_auth")`, text("functions.auth_remark"))
	})
	t.Run("the gate works under its own name only", func(t *testing.T) {
		b.submit(b.get(form), index, "name", "gate", "template", "cloudbase_auth").want(422).
			wantError(text("error.template_auth_name", "name", models.AuthFunction)).wantCount(`#template-cloudbase_auth[checked]`, 1)
	})
	t.Run("refusals keep the form", func(t *testing.T) {
		b.submit(b.get(form), index, "name", "1st").want(422).wantError(text("error.function_name")).wantCount(`input[name="name"][value="1st"]`, 1)
		b.submit(b.get(form), index, "name", "hello").want(422).wantError(text("error.function_exists", "name", "hello"))
		b.submit(b.get(form), index, "name", "other", "template", "rootkit").want(422).wantError(text("error.template_unknown"))
		b.submit(b.get(form), index, "name", "other", "template", "upload").want(422).wantError(text("error.upload_missing"))
	})
}

func TestUpload(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	index, token := paths.Functions(shop, shopTest), b.token("/apps")

	t.Run("a folder keeps its paths", func(t *testing.T) {
		b.upload(index, token, []string{"name", "folder", "template", "upload"}, "files",
			"mine/index.js", "exports.main = async () => require('./lib/sum').sum", "mine/lib/sum.js", "exports.sum = 2", "mine/图.png", "\x89PNG\x00").
			wantRedirect(paths.Function(shop, shopTest, "folder"))
		p := b.get(paths.FunctionFile(shop, shopTest, "folder", "lib/sum.js")).want(200).wantText(`[data-testid="source"]`, "exports.sum = 2")
		p.wantText(`[data-testid="file-tree"]`, "index.js", "lib/", "sum.js 15 B", "图.png")
		b.get(paths.FunctionFile(shop, shopTest, "folder", "图.png")).want(200).wantText("main", text("function_code.binary")).wantCount(`[data-testid="source"]`, 0)
		b.get(paths.FunctionFile(shop, shopTest, "folder", "../secret")).want(404)
	})
	t.Run("a zip deploys a new version, which can be rolled back and downloaded", func(t *testing.T) {
		b.upload(paths.DeployFunction(shop, shopTest, "folder"), token, nil, "zip", "code.zip", zipped(t, "index.js", "exports.main = async () => 'two'")).
			wantRedirect(paths.FunctionCode(shop, shopTest, "folder")).follow().want(200).
			wantFlash(text("flash.function_deployed", "name", "folder", "version", "v2")).wantText(`[data-testid="source"]`, "'two'")
		p := b.get(paths.FunctionVersions(shop, shopTest, "folder")).want(200).wantCount(`[data-testid="version-row"]`, 2)
		p.wantText(`[data-testid="version-row"]:contains("v2")`, text("function_versions.active"), "admin-a1", "B", time.Now().In(zone).Format("2006-01-02"))
		ask := b.get(p.Find(`[data-testid="version-row"]:contains("v1") a[href*="rollback"]`).AttrOr("href", "")).want(200)
		ask.wantText(`[data-testid="changed-file"]`, "index.js", "lib/sum.js", text("diff.edited"), text("diff.added"))
		b.submit(ask, paths.RollBackFunction(shop, shopTest, "folder")).follow().want(200).
			wantFlash(text("flash.function_rolled_back", "name", "folder", "version", "v1")).wantText(`[data-testid="version-row"]:contains("v1")`, text("function_versions.active"))
		b.get(paths.FunctionCode(shop, shopTest, "folder")).wantText(`[data-testid="source"]`, "./lib/sum")

		download := b.get(paths.FunctionDownload(shop, shopTest, "folder")).want(200)
		if got := download.header.Get("Content-Disposition"); got != `attachment; filename=folder.zip` {
			t.Errorf("Content-Disposition %q", got)
		}
		if _, err := zip.NewReader(strings.NewReader(download.body), int64(len(download.body))); err != nil {
			t.Error(err)
		}
	})
	t.Run("what is wrong with it stands beside the field", func(t *testing.T) {
		deploy := paths.DeployFunction(shop, shopTest, "folder")
		b.upload(deploy, token, nil, "zip", "code.zip", "no zip").want(422).wantError(text("error.code_zip"))
		b.upload(deploy, token, nil, "zip", "code.zip", zipped(t, "main.js", "1")).want(422).wantError(text("error.code_no_index"))
		b.upload(deploy, token, nil, "files", "a/../../index.js", "1").want(422).wantError(text("error.code_path", "path", "a/../../index.js"))
		b.upload(deploy, token, nil, "files", "index.js", "1", "package.json", `{"dependencies": {"x": "git+ssh://nowhere.invalid/x"}}`).want(422).
			wantError(text("error.code_dependencies_detail", "detail", ""))
		b.upload(deploy, token, nil, "zip", "code.zip", strings.Repeat("x", service.MaxUploadBytes+1)).want(413).
			wantText(`[data-testid="error-message"]`, text("error.body_too_large", "max", "20 MB"))
		b.get(paths.FunctionVersions(shop, shopTest, "folder")).wantCount(`[data-testid="version-row"]`, 2)
	})
}

func TestConfigureFunction(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	viewer := k.signIn("viewer", map[string]models.Role{shop: models.RoleViewer})
	k.deploy(shopTest, "hello", "exports.main = async () => 1")
	address := paths.ConfigureFunction(shop, shopTest, "hello")

	b.submit(b.get(address), address, "timeout", "20", "memory", "512", "concurrency", "2", "variable_name", "TOKEN", "variable_value", "a=b\r\nc", "variable_name", "EMPTY", "variable_value", "").
		wantRedirect(address).follow().want(200).wantFlash(text("flash.function_configured", "name", "hello"))
	got := b.get(address).fields(address)
	got.Del("_csrf")
	got.Del("seen")
	want := map[string][]string{"timeout": {"20"}, "memory": {"512"}, "concurrency": {"2"},
		"variable_name": {"EMPTY", "TOKEN", "", ""}, "variable_value": {"", "a=b\nc", "", ""}}
	if diff := cmp.Diff(want, map[string][]string(got)); diff != "" {
		t.Error(diff)
	}
	t.Run("refusals keep what was typed", func(t *testing.T) {
		p := b.submit(b.get(address), address, "timeout", "soon", "memory", "7", "variable_name", "TCB_ENV", "variable_value", "x").want(422)
		p.wantError(text("error.between", "min", 1, "max", models.MaxTimeoutSeconds)).wantError(text("error.function_memory")).
			wantError(text("error.variable_reserved", "name", "TCB_ENV"))
		if got := p.fields(address).Get("timeout"); got != "soon" {
			t.Errorf("timeout %q", got)
		}
		if got := p.fields(address)["variable_name"]; got[0] != "TCB_ENV" {
			t.Errorf("variables %q", got)
		}
		b.submit(b.get(address), address, "variable_name", "A", "variable_value", "1", "variable_name", "A", "variable_value", "2").want(422).
			wantError(text("error.variable_twice", "name", "A"))
		b.submit(b.get(address), address, "variable_name", "", "variable_value", "lost").want(422).wantError(text("error.variable_name", "name", ""))
	})
	t.Run("two administrators: the second is told and loses nothing", func(t *testing.T) {
		first, second := b.get(address), b.get(address)
		b.submit(first, address, "timeout", "7").wantRedirect(address)
		p := b.submit(second, address, "timeout", "9", "memory", "1024").want(409)
		p.wantText(`[data-testid="newer"]`, text("error.configured_meanwhile"), "7 s", "512 MB")
		if got := p.fields(address).Get("timeout"); got != "9" {
			t.Errorf("timeout %q", got)
		}
		b.submit(p, address).wantRedirect(address).follow().wantCount(`input[name="timeout"][value="9"]`, 1)
	})
	t.Run("values are hidden from who may not change them", func(t *testing.T) {
		p := viewer.get(address).want(200).wantText(`textarea[name="variable_value"]`, "••••••").wantCount(`input[value="TOKEN"][readonly]`, 1)
		if strings.Contains(p.body, "a=b") {
			t.Error("the value is shown")
		}
	})
}

func TestDeleteFunction(t *testing.T) {
	k := newWorld(t)
	b := k.admin(shop)
	k.deploy(shopTest, "hello", "exports.main = async () => 1")
	address := paths.DeleteFunction(shop, shopTest, "hello")
	p := b.get(address).want(200).wantText(`[data-testid="impact"]`, "0", text("shares.never"))
	b.submit(p, address).wantRedirect(paths.Functions(shop, shopTest)).follow().want(200).
		wantFlash(text("flash.function_deleted", "name", "hello")).wantCount(`[data-testid="function-row"]`, 0)
	b.get(paths.Function(shop, shopTest, "hello")).want(404)
}

// A test run shows result, logs and errors, with JavaScript and without (S15: the
// owner sees that the borrower called).
func TestRunFunction(t *testing.T) {
	k := newWorld(t, true)
	k.deploy(shopTest, "echo", `exports.main = async (event) => { console.log('heard', event.word); if (event.fail) throw new Error('broken on purpose'); return { said: event.word } }`)
	share := k.share(shop, diner, shopTest, models.FunctionsInvoke)
	owner, borrower := k.admin(shop), k.admin(diner)
	page, run := paths.Function(shop, shopTest, "echo"), paths.RunFunction(shop, shopTest, "echo")

	p := owner.submit(owner.get(page), run, "event", `{"word": "喂"}`).want(200)
	p.wantText(`[data-testid="run-status"]`, text("invocation_status.success")).wantText(`[data-testid="run-returned"]`, `"said": "喂"`).
		wantText(`[data-testid="run-logs"]`, "heard 喂").wantText(`textarea[name="event"]`, `{"word": "喂"}`)
	p = owner.submit(p, run, "event", `{"fail": true}`).want(200)
	p.wantText(`[data-testid="run-status"]`, text("invocation_status.failed")).wantText(`[data-testid="run-error"]`, "broken on purpose", "index.js")
	p = owner.submit(p, run, "event", `{word}`).want(422)
	p.wantError(text("error.event_json")).wantText(`textarea[name="event"]`, `{word}`)

	t.Run("htmx gets the result alone", func(t *testing.T) {
		fields := fill(owner.get(page).fields(run), []string{"event", `{"word": "part"}`})
		part := owner.do("POST", run, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()), "HX-Request", "true").want(200)
		part.wantCount("#run-result", 1).wantCount("header", 0).wantText(`[data-testid="run-returned"]`, "part")
		if !strings.Contains(strings.Join(part.header.Values("Vary"), ","), "HX-Request") {
			t.Error("caches cannot tell the part from the page")
		}
	})
	t.Run("each run is kept with its logs", func(t *testing.T) {
		list := owner.get(paths.Invocations(shop, shopTest, "echo")).want(200).wantCount(`[data-testid="invocation-row"]`, 3)
		failed := list.Find(`[data-testid="invocation-row"]:contains("` + text("invocation_status.failed") + `")`)
		list.wantText(`[data-testid="invocation-row"]`, text("invocation_source.console", "app", shop), "v1", "ms", "MB", "heard 喂", "broken on purpose")
		owner.get(failed.Find("a").First().AttrOr("href", "")).want(200).wantText(`[data-testid="run-error"]`, "broken on purpose").
			wantText(`[data-testid="run-logs"]`, "heard undefined")
		owner.get(paths.Environment(shop, shopTest)).want(200).wantCount(`[data-testid="recent-row"]`, 3).
			wantText(`[data-testid="recent-row"]`, "echo", text("invocation_status.failed"), "ms")
	})
	t.Run("a borrower who may only call runs it, and the owner sees the use", func(t *testing.T) {
		borrower.forge(paths.RunFunction(diner, shopTest, "echo"), "event", `{"word": "hi"}`).want(200).wantText(`[data-testid="run-returned"]`, "hi")
		owner.get(paths.DeleteShare(shop, share.ID)).want(200).
			wantText(`[data-testid="impact"]`, text("shares.calls_7_days"), "1", time.Now().In(zone).Format("2006-01-02")).wantText("main", text("share_delete.in_use"))
		owner.get(paths.Shares(shop)).wantText(`[data-testid="share-row"] time`, text("ago.now")).
			wantCount(`[data-testid="share-row"] time[title^="`+time.Now().In(zone).Format("2006-01-02")+`"]`, 1)
	})
}
