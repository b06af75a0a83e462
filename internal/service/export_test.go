package service

import "envshare/models"

// ClientOf is the client that a login makes, for tests outside of the package.
func ClientOf(session models.ClientSession) Client { return Client{session} }
