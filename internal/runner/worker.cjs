'use strict';
// The process that runs one version of one cloud function.
//
// It talks to the server in frames on file descriptor 3: four bytes of length, big endian, then JSON text. The server
// trusts nothing that comes from here; what this file does is give clear answers for honest mistakes. Everything it
// needs is taken before user code runs, so that code which patches built-in objects only hurts itself.

const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const util = require('node:util');
const { Writable } = require('node:stream');
const { pathToFileURL } = require('node:url');
const { AsyncLocalStorage } = require('node:async_hooks');

const { writeSync, existsSync, readFileSync, realpathSync } = fs;
const parse = JSON.parse;
const stringify = JSON.stringify;
const reallyExit = process.reallyExit.bind(process);
const ownPid = process.pid;

const CHANNEL = 3;
const ERROR_LIMIT = 16 * 1024; // characters of one error text
const LINE_COST = 32; // bytes that an empty log line counts for, so that their number is bounded too
const codeDir = path.join(__dirname, 'code');

const scope = new AsyncLocalStorage();
const calls = new Map(); // the invocations that run now, by id
const realEnv = process.env;
const idle = new Int32Array(new SharedArrayBuffer(4));
const unwind = new Error('The function ended its process.'); // thrown where process.exit cannot return

let settings = { logLimit: 0, resultLimit: 0, concurrency: 1 };
let loadedEnv = Object.assign(Object.create(null), realEnv);
let currentEnv = loadedEnv;
let entry = null;

// ---- frames ----

let pending = []; // frames that wait for flush

// send blocks until the frame is written: a function that loops for ever or exits must not take its last lines with it.
function send(text) {
  queue(text);
  flush();
}

function queue(text) {
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + size);
  frame.writeUInt32BE(size, 0);
  frame.write(text, 4);
  pending.push(frame);
}

// queueSoon lets results that are ready at the same moment share a write. One that is alone need not wait for others.
function queueSoon(text) {
  queue(text);
  if (settings.concurrency === 1) flush();
  else if (pending.length === 1) queueMicrotask(flush);
}

function flush() {
  if (pending.length === 0) return;
  const bytes = pending.length === 1 ? pending[0] : Buffer.concat(pending);
  pending = [];
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(CHANNEL, bytes, written, bytes.length - written);
    } catch (err) {
      if (err.code !== 'EAGAIN') reallyExit(1);
      Atomics.wait(idle, 0, 0, 1);
    }
  }
}

function receive(onFrame) {
  let parts = [];
  let size = 0;
  const socket = new net.Socket({ fd: CHANNEL, readable: true, writable: true });
  forbidListening(socket._handle.constructor.prototype);
  socket.on('data', (chunk) => {
    parts.push(chunk);
    size += chunk.length;
    while (size >= 4) {
      if (parts[0].length < 4) parts = [Buffer.concat(parts)];
      const length = parts[0].readUInt32BE(0);
      if (size < 4 + length) return;
      const all = parts.length === 1 ? parts[0] : Buffer.concat(parts);
      const rest = all.subarray(4 + length);
      parts = rest.length > 0 ? [rest] : [];
      size = rest.length;
      onFrame(parse(all.toString('utf8', 4, 4 + length)));
    }
  });
  socket.on('close', () => reallyExit(0));
  socket.on('error', () => reallyExit(0));
}

// ---- errors ----

const sdkDir = (() => {
  try {
    return realpathSync(path.join(__dirname, 'node_modules'));
  } catch {
    return '';
  }
})();

function describe(err) {
  let text;
  try {
    text = err instanceof Error || util.types.isNativeError(err) ? errorText(err) : typeof err === 'string' ? err : util.inspect(err);
  } catch {
    text = 'The function failed with a value that cannot be shown.';
  }
  text = text.replaceAll(pathToFileURL(codeDir).href + '/', '').replaceAll(codeDir + path.sep, '').replaceAll(codeDir, '.');
  if (sdkDir) text = text.replaceAll(sdkDir, 'node_modules');
  return text.length > ERROR_LIMIT ? text.slice(0, ERROR_LIMIT) + ' …' : text;
}

// errorText is message and stack without the frames of this file and of Node.js, which tell an author nothing.
function errorText(err) {
  const message = String(err.message);
  let stack = typeof err.stack === 'string' && err.stack ? err.stack : String(err);
  if (!stack.includes(message)) stack = message + '\n' + stack;
  return stack
    .split('\n')
    .filter((line) => !line.includes(__filename) && !(/^\s+at /.test(line) && line.includes('node:')))
    .join('\n');
}

// ---- log ----

// owner is the running invocation that the present piece of work belongs to. Work that an ended invocation left behind
// belongs to nobody; work started while the code was loaded belongs to the only invocation there is.
function owner() {
  const call = scope.getStore();
  if (call && !call.done) return call;
  if (call && !call.load) return null;
  return calls.size === 1 ? calls.values().next().value : null;
}

function log(stream, text) {
  const call = owner();
  if (!call || call.logLeft <= 0) return;
  let truncated = false;
  const cost = Buffer.byteLength(text) + LINE_COST;
  if (cost > call.logLeft) {
    text = Buffer.from(text.slice(0, call.logLeft)).toString('utf8', 0, call.logLeft);
    truncated = true;
    call.logLeft = 0;
  } else {
    call.logLeft -= cost;
  }
  if (text.endsWith('\n')) text = text.slice(0, -1);
  send(stringify({ type: 'log', id: call.id, stream, time: Date.now(), text, truncated }));
}

class Output extends Writable {
  constructor(fd, stream) {
    super();
    this.fd = fd;
    this.stream = stream;
  }

  write(chunk, encoding, callback) {
    const done = typeof encoding === 'function' ? encoding : callback;
    log(this.stream, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    if (typeof done === 'function') process.nextTick(done);
    return true;
  }
}

function captureOutput() {
  for (const [fd, name] of [[1, 'stdout'], [2, 'stderr']]) {
    const output = new Output(fd, name);
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => output });
  }
}

// ---- environment ----

// environment stands in for process.env before any module can keep a reference to it. With one invocation at a time it
// shows the variables of the present one; with several, each sees its own. The real environment never changes, but for
// the time zone, which Node.js reads from it.
function environment() {
  const own = () => {
    if (settings.concurrency === 1) return currentEnv;
    const call = scope.getStore();
    return call ? call.env : loadedEnv;
  };
  const set = (key, value) => {
    if (key === 'TZ') realEnv.TZ = value;
    return Reflect.set(own(), key, `${value}`);
  };
  const shown = { [util.inspect.custom]: () => ({ ...own() }) };
  return new Proxy(shown, {
    get: (_, key) => own()[key] ?? Object.prototype[key],
    has: (_, key) => Object.hasOwn(own(), key),
    ownKeys: () => Reflect.ownKeys(own()),
    set: (_, key, value) => set(key, value),
    deleteProperty: (_, key) => Reflect.deleteProperty(own(), key),
    defineProperty: (_, key, property) => set(key, property.value),
    getOwnPropertyDescriptor: (_, key) =>
      Object.hasOwn(own(), key) ? { value: own()[key], writable: true, enumerable: true, configurable: true } : undefined,
  });
}

// ---- invocations ----

function settle(call, status, fields) {
  if (call.done) return;
  call.done = true;
  calls.delete(call.id);
  queueSoon(`{"type":"${call.load ? 'loaded' : 'result'}","id":${stringify(call.id)},"status":"${status}"${fields}}`);
}

function fail(call, status, err) {
  settle(call, status, `,"error":${stringify(describe(err))}`);
}

function succeed(call, value) {
  let text;
  try {
    text = stringify(value);
  } catch (err) {
    fail(call, 'not_json', `The function's result cannot be written as JSON: ${err && err.message}`);
    return;
  }
  if (text === undefined) text = 'null';
  const size = Buffer.byteLength(text);
  if (size > settings.resultLimit) {
    fail(call, 'result_too_large', `The function's result has ${size} bytes as JSON; at most ${settings.resultLimit} are allowed.`);
    return;
  }
  settle(call, 'ok', `,"value":${text}`);
}

let retired = false;

// retire says so once: the server takes a second time for an attack.
function retire() {
  if (retired) return;
  retired = true;
  send('{"type":"retire"}');
}

function invoke(frame) {
  const env = Object.assign(Object.create(null), loadedEnv, frame.env);
  const call = { id: frame.id, env, logLeft: settings.logLimit, done: false };
  calls.set(call.id, call);
  currentEnv = env;
  const context = Object.assign(frame.context, { callbackWaitsForEmptyEventLoop: true });
  Object.defineProperty(context, 'environment', { get: () => stringify(env), enumerable: true, configurable: true });
  scope.run(call, async () => {
    try {
      succeed(call, await entry.main(frame.event, context));
    } catch (err) {
      if (err !== unwind) fail(call, 'failed', err);
    }
  });
}

// ---- loading ----

function packageType() {
  try {
    return parse(readFileSync(path.join(codeDir, 'package.json'), 'utf8')).type;
  } catch {
    return undefined;
  }
}

async function loadEntry() {
  const script = path.join(codeDir, 'index.js');
  const module = path.join(codeDir, 'index.mjs');
  if (existsSync(script)) return packageType() === 'module' ? import(pathToFileURL(script).href) : require(script);
  if (existsSync(module)) return import(pathToFileURL(module).href);
  throw 'The function has no index.js in its top folder.';
}

async function load(frame) {
  settings = frame.settings;
  loadedEnv = Object.assign(Object.create(null), frame.env);
  currentEnv = loadedEnv;
  if (realEnv.TZ !== loadedEnv.TZ) realEnv.TZ = loadedEnv.TZ;
  process.chdir(codeDir);
  const call = { id: frame.id, load: true, env: loadedEnv, logLeft: settings.logLimit, done: false };
  calls.set(call.id, call);
  await scope.run(call, async () => {
    try {
      const loaded = await loadEntry();
      entry = [loaded, loaded && loaded.default].find((m) => m && typeof m.main === 'function');
      if (!entry) throw 'index.js exports no function named main: write exports.main = async (event, context) => { … }.';
      await new Promise(setImmediate); // rejections that loading left unhandled are known by then
      settle(call, 'ok', '');
    } catch (err) {
      if (err !== unwind) fail(call, 'not_loadable', err);
    }
  });
}

// ---- what user code may do to the whole process ----

function onUncaught(err) {
  if (err === unwind) return;
  retire(); // before the result, so that nothing else is given to this process
  const call = owner();
  const store = scope.getStore();
  if (call) fail(call, call.load ? 'not_loadable' : 'failed', err);
  else if (!store) for (const running of [...calls.values()]) fail(running, 'failed', err);
}

// exit settles the invocation that wants to end its process. The server ends the process when nothing runs in it any
// more: it may have sent the next invocation already, which must not suffer.
function exit(code) {
  retire();
  const status = code ?? process.exitCode ?? 0;
  const store = scope.getStore();
  const leavers = store && (!store.load || !store.done) ? [store] : [...calls.values()];
  for (const call of leavers) fail(call, 'exited', `The function ended its process with process.exit(${status}).`);
  throw unwind;
}

// Without root all workers run as the server's own user, and Node.js does not restrict signals.
// This stops accidents; where root starts the workers, their separate users are the barrier.
function guardSignals() {
  const kill = process.kill.bind(process);
  const refuse = () => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM', syscall: 'kill' });
  };
  process.kill = (pid, signal) => (pid === ownPid ? kill(pid, signal) : refuse());
  process._kill = (pid, signal) => (pid === ownPid ? nativeKill(pid, signal) : refuse());
  process._debugProcess = refuse;
}

// A listener would outlive its invocation, and cookies ignore ports: it could collect those that browsers hold for
// other servers on this host. Every server of Node.js goes through these native methods, which the replacement makes
// unreachable; what replaces Server.listen only gives a clearer error.
function forbidListening(prototype) {
  const refuse = () => -os.constants.errno.EACCES;
  for (const name of ['bind', 'bind6', 'listen']) {
    Object.defineProperty(prototype, name, { value: refuse, writable: false, configurable: false });
  }
}

function guardSockets() {
  const handle = net._createServerHandle('127.0.0.1', 0, 4);
  if (typeof handle === 'number') throw new Error(`cannot find the native sockets: ${util.getSystemErrorName(handle)}`);
  forbidListening(handle.constructor.prototype);
  handle.close();
  const { nextTick } = process;
  net.Server.prototype.listen = function listen() {
    const refusal = new Error('listen EACCES: functions cannot listen for connections');
    nextTick(() => this.emit('error', Object.assign(refusal, { code: 'EACCES', syscall: 'listen' })));
    return this;
  };
}

const nativeKill = process._kill.bind(process);
process.env = environment();
process.exit = exit;
process.setUncaughtExceptionCaptureCallback((err) => {
  if (process.listenerCount('uncaughtException') === 0) onUncaught(err);
  else process.emit('uncaughtException', err, 'uncaughtException');
});
process.on('unhandledRejection', (reason) => {
  if (process.listenerCount('unhandledRejection') === 1) onUncaught(reason);
});
guardSignals();
guardSockets();
captureOutput();

try {
  require('wx-server-sdk');
} catch (err) {
  if (err.code !== 'MODULE_NOT_FOUND') throw err;
}

receive((frame) => {
  if (frame.type === 'load') load(frame);
  else if (frame.type === 'invoke') invoke(frame);
});
send('{"type":"ready"}');
