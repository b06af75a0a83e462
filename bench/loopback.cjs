'use strict'
// The peer listens on every interface and has no setting for that; a benchmark must stay on this machine.
const { Server } = require('node:net')

const listen = Server.prototype.listen
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', ...rest)
}
