package handlers

import (
	"strings"

	"envshare/internal/paths"
	"envshare/internal/service"
	"envshare/views/functions"
)

// fileTree arranges the files of a working copy below a folder, which is empty or
// ends in a slash: folders first, each by name.
func fileTree(app, env string, w service.WorkingCopy, folder string) []functions.FileNode {
	var folders, files []functions.FileNode
	seen := map[string]bool{}
	for _, f := range w.Files {
		rest, inside := strings.CutPrefix(f.Path, folder)
		if !inside {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if deeper {
			if !seen[name] {
				seen[name] = true
				folders = append(folders, functions.FileNode{Name: name, Path: folder + name, Children: fileTree(app, env, w, folder+name+"/")})
			}
			continue
		}
		node := functions.FileNode{Name: name, Path: f.Path, State: string(f.State), Size: size(int64(len(f.Data)))}
		if f.State != service.FileRemoved {
			node.Href = paths.FunctionFile(app, env, w.Function.Name, f.Path)
		}
		files = append(files, node)
	}
	return append(folders, files...)
}

// activate marks the file that is shown.
func activate(nodes []functions.FileNode, path string) {
	for i := range nodes {
		nodes[i].Active = nodes[i].Path == path && nodes[i].Children == nil
		if strings.HasPrefix(path, nodes[i].Path+"/") {
			activate(nodes[i].Children, path)
		}
	}
}
