const net = require('net');

const errored = (server, port) =>
  new Promise((resolve) => {
    server.on('error', (err) => resolve(err.code));
    server.listen(port, () => resolve('listening'));
  });
const code = (action) => {
  try {
    return action();
  } catch (err) {
    return err.code || err.message;
  }
};
// raw tries every native way to a listening socket of the handle's class.
const raw = (handle) => {
  const fresh = () => new handle.constructor(1);
  const prototype = handle.constructor.prototype;
  return {
    bind: fresh().bind('127.0.0.1', 0),
    bind6: fresh().bind6('::1', 0, 0),
    listen: fresh().listen(1),
    removed: ['bind', 'bind6', 'listen'].some((name) => Reflect.deleteProperty(prototype, name)),
  };
};
const connect = (options) =>
  new Promise((resolve) => {
    const socket = net.connect(options);
    const tried = raw(socket._handle);
    socket.on('error', () => {}).destroy();
    resolve(tried);
  });

exports.main = async (event) => {
  const get = (url) =>
    new Promise((resolve, reject) => {
      require('http').get(url, (res) => res.setEncoding('utf8').on('data', resolve)).on('error', reject);
    });
  const handle = net._createServerHandle('127.0.0.1', 0, 4);
  return {
    servers: {
      net: await errored(net.createServer(), 0),
      path: await errored(net.createServer(), `${process.env.TMPDIR}/socket`),
      http: await errored(require('http').createServer(), 0),
      https: await errored(require('https').createServer({}), 0),
      http2: await errored(require('http2').createServer(), 0),
      tls: await errored(require('tls').createServer({}), 0),
    },
    tcp: await connect({ host: '127.0.0.1', port: 1 }),
    pipe: await connect({ path: '/nowhere' }),
    handle: typeof handle === 'number' ? handle : 'a handle',
    internal: await new Promise((resolve) => {
      const server = net.createServer().on('error', (err) => resolve(err.code)).on('listening', () => resolve('listening'));
      server._listen2('127.0.0.1', 0, 4);
    }),
    binding: code(() => typeof process.binding('tcp_wrap').TCP.prototype.bind),
    fetched: await get(event.url),
    resolved: await fetch(event.named).then((res) => res.text()),
  };
};
