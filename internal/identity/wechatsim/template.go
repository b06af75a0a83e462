package wechatsim

import "html/template"

// style is the page's style, which the policy on content names by its digest.
const style = `
body { font: 16px/1.6 system-ui, sans-serif; max-width: 28rem; margin: 2rem auto; padding: 0 1rem; color: #1f2937; background: #fff; }
.warning { background: #b91c1c; color: #fff; font-weight: bold; padding: .75rem 1rem; border-radius: .5rem; }
.problem { color: #b91c1c; }
form { display: flex; flex-direction: column; gap: .75rem; margin: 1rem 0; }
button, input { font: inherit; padding: .6rem 1rem; border: 1px solid #6b7280; border-radius: .5rem; background: #fff; color: inherit; }
button { cursor: pointer; background: #f3f4f6; }
`

// pageTemplate posts to the page's own address, which holds what the app asked.
var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.T "simulator.title"}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<p class="warning" role="note">{{.Warning}}</p>
<h1>{{.T "simulator.title"}}</h1>
{{if .Refusal}}<p class="problem" role="alert">{{.Refusal}}</p>
{{else}}<p>{{.Asks}}</p>
<form method="post">
{{range .Persons}}<button name="person" value="{{.ID}}">{{.Name}} ({{.ID}})</button>
{{end}}</form>
<form method="post">
<label for="person">{{.T "simulator.other"}}</label>
<input id="person" name="person" maxlength="{{.Max}}" required autocomplete="off"{{if .Problem}} aria-invalid="true" aria-describedby="problem"{{end}}>
{{if .Problem}}<p id="problem" class="problem" role="alert">{{.Problem}}</p>
{{end}}<button>{{.T "simulator.continue"}}</button>
</form>
{{end}}</main>
</body>
</html>
`))
