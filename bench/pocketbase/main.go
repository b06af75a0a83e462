// Command pocketbase is the peer that make bench compares documents with: a
// PocketBase with a fresh data folder and its own defaults, one collection whose
// every action has a rule, and the documents that it reads as JSON lines.
//
// It is a module of its own, so that nothing of PocketBase enters the product. It
// listens on loopback, prints {"url", "token", "owner"}, and ends with its
// standard input. It asks nobody for anything: the update command and backups
// belong to PocketBase's ready-made program and to settings that stay off, mail
// is off, and the installer, which opens a browser, is taken out.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

const collectionName = "articles"

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: pocketbase DATA-FOLDER DOCUMENTS.jsonl")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(dataDir, documents string) error {
	app := pocketbase.NewWithConfig(pocketbase.Config{DefaultDataDir: dataDir, HideStartBanner: true})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	user, err := addUser(app)
	if err != nil {
		return err
	}
	if err := addCollection(app); err != nil {
		return err
	}
	if err := load(app, documents, user.Id); err != nil {
		return fmt.Errorf("load documents: %w", err)
	}
	token, err := user.NewAuthToken()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Listener, e.InstallerFunc = listener, nil
		// Connections wait in the listener until the server accepts them.
		if err := json.NewEncoder(os.Stdout).Encode(map[string]string{
			"url": "http://" + listener.Addr().String(), "token": token, "owner": user.Id,
		}); err != nil {
			return err
		}
		return e.Next()
	})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return apis.Serve(app, apis.ServeConfig{HttpAddr: listener.Addr().String()})
}

func addUser(app core.App) (*core.Record, error) {
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return nil, err
	}
	user := core.NewRecord(users)
	user.SetEmail("reader@example.com")
	user.SetPassword("a password of the bench")
	return user, app.Save(user)
}

// addCollection makes the collection that the other contenders have: the same
// fields, the same two indexes. Documents are open to their owner alone.
func addCollection(app core.App) error {
	owned := types.Pointer(`@request.auth.id != "" && owner = @request.auth.id`)
	c := core.NewBaseCollection(collectionName)
	c.Fields.Add(
		&core.TextField{Name: "owner", Required: true}, &core.TextField{Name: "group"}, &core.NumberField{Name: "rank"},
		&core.TextField{Name: "title"}, &core.TextField{Name: "body"}, &core.NumberField{Name: "edited"}, &core.BoolField{Name: "done"},
	)
	c.ListRule, c.ViewRule, c.UpdateRule, c.CreateRule = owned, owned, owned, owned
	c.AddIndex("articles_group", false, "`group`", "")
	c.AddIndex("articles_rank", false, "rank", "")
	return app.Save(c)
}

// load adds the documents past the checks of records, which they pass: each has
// an _id of 15 characters.
func load(app core.App, path, owner string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return app.RunInTransaction(func(tx core.App) error {
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			var row dbx.Params
			if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
				return err
			}
			row["id"], row["owner"] = row["_id"], owner
			delete(row, "_id")
			if _, err := tx.NonconcurrentDB().Insert(collectionName, row).Execute(); err != nil {
				return err
			}
		}
		return lines.Err()
	})
}
