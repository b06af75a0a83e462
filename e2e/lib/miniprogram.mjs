// Runs the code of a mini-program project in a bare VM, with what WeChat gives a
// mini program and nothing else: no window, no fetch, no URL, no FormData. What it
// requires from npm is the genuine package. wx itself is a stand-in that does over
// HTTP and WebSocket what WeChat's does; its login is the simulator's.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import vm from 'node:vm'

import WebSocket from 'ws'

const npm = createRequire(import.meta.url)

// The names that WeChat's wrapper of a module hides, as parameters without a value.
const hidden = 'window,document,frames,self,location,navigator,localStorage,history,screen,alert,confirm,prompt,XMLHttpRequest,WebSocket'

/**
 * Starts a project.
 * @param {{folder: string, gateway: string, appid: string, person: string, config: object}} options config replaces the project's config.js
 * @returns {Promise<{open: (name: string) => Promise<object>, files: Map<string, Buffer>, stop: () => void}>}
 */
export async function start({ folder, gateway, appid, person, config }) {
  const timers = new Set()
  const sockets = new Set()
  let stopped = false
  const keep = make => (...args) => { // the SDK's timers would keep the process for minutes
    const t = make(...args)
    if (stopped) clearTimeout(t)
    else timers.add(t)
    return t
  }
  const { wx, files } = standIn({ gateway, appid, person, sockets, ended: () => stopped })
  let page
  const context = vm.createContext({
    wx, console, App: () => {}, Page: definition => { page = definition },
    setTimeout: keep(setTimeout), setInterval: keep(setInterval), clearTimeout, clearInterval,
  })
  const modules = new Map([[path.join(folder, 'config.js'), config]])
  const sources = new Map()
  const load = file => {
    if (modules.has(file)) return modules.get(file)
    const module = { exports: {} }
    modules.set(file, module.exports)
    const wrapped = vm.runInContext(`(function(require,module,exports,${hidden}){${sources.get(file)}\n})`, context, { filename: file })
    wrapped(name => load(resolve(file, name)), module, module.exports)
    modules.set(file, module.exports)
    return module.exports
  }
  const resolve = (from, name) => {
    if (!name.startsWith('.')) return npm.resolve(name)
    const file = path.resolve(path.dirname(from), name)
    return file.endsWith('.js') ? file : `${file}.js`
  }
  const read = async file => {
    if (sources.has(file) || modules.has(file)) return
    const source = await readFile(file, 'utf8')
    sources.set(file, source)
    if (file.startsWith(folder)) await Promise.all([...source.matchAll(/require\('(.+?)'\)/g)].map(m => read(resolve(file, m[1]))))
  }
  const run = async name => {
    const file = path.join(folder, `${name}.js`)
    await read(file)
    return load(file)
  }
  await run('app')
  return {
    files,
    /** Makes a page as WeChat does, before onLoad. */
    async open(name) {
      await run(name)
      const instance = { ...page, data: structuredClone(page.data) }
      instance.setData = change => Object.assign(instance.data, change)
      return instance
    },
    stop() {
      stopped = true
      for (const t of timers) clearTimeout(t)
      for (const s of sockets) s.terminate()
    },
  }
}

function standIn({ gateway, appid, person, sockets, ended }) {
  const storage = new Map()
  const files = new Map() // temporary files by path
  let count = 0
  const temporary = bytes => {
    const name = `http://tmp/${++count}`
    files.set(name, bytes)
    return name
  }
  const settle = ({ success, fail, complete }, work) => {
    work.then(value => success?.(value), error => fail?.({ errMsg: `fail ${error.cause?.message ?? error.message}` })).finally(() => complete?.())
  }
  const wx = {
    getStorageSync: key => storage.get(key) ?? '',
    setStorageSync: (key, value) => { storage.set(key, value) },
    onNetworkStatusChange: () => {},
    login: options => settle(options, (async () => {
      const answer = await fetch(`${gateway}/simulator/simulator/code?appid=${appid}&person=${person}`)
      return { code: (await answer.json()).code, errMsg: 'login:ok' }
    })()),
    request: options => settle(options, request(options)),
    uploadFile: options => settle(options, (async () => {
      const form = new FormData()
      for (const [name, value] of Object.entries(options.formData ?? {})) form.append(name, value)
      form.append(options.name, new Blob([files.get(options.filePath)]), 'file')
      const answer = await fetch(options.url, { method: 'POST', body: form })
      return { statusCode: answer.status, data: await answer.text(), errMsg: 'uploadFile:ok' }
    })()),
    downloadFile: options => settle(options, (async () => {
      const answer = await fetch(options.url)
      return { statusCode: answer.status, tempFilePath: temporary(Buffer.from(await answer.arrayBuffer())), errMsg: 'downloadFile:ok' }
    })()),
    chooseMedia: async () => ({ tempFiles: [{ tempFilePath: temporary(Buffer.from("it's a picture")) }] }),
    connectSocket({ url, protocols }) {
      // The SDK connects again and again once its timers are gone.
      if (ended()) return { readyState: 3, onOpen() {}, onMessage() {}, onClose() {}, onError() {}, send() {}, close() {} }
      const socket = new WebSocket(url, protocols)
      sockets.add(socket)
      return {
        get readyState() { return socket.readyState },
        onOpen: f => socket.on('open', () => f({})),
        onMessage: f => socket.on('message', data => f({ data: data.toString() })),
        onClose: f => socket.on('close', (code, reason) => f({ code, reason: String(reason) })),
        onError: f => socket.on('error', error => f({ errMsg: error.message })),
        send: ({ data }) => socket.send(data),
        close: ({ code, reason }) => socket.close(code, reason),
      }
    },
  }
  return { wx, files }
}

async function request({ url, method = 'GET', header = {}, data, dataType = 'json', responseType = 'text' }) {
  const body = method === 'GET' ? undefined : typeof data === 'string' ? data : JSON.stringify(data)
  const answer = await fetch(url, { method, headers: header, body })
  const bytes = await answer.arrayBuffer()
  let got = responseType === 'arraybuffer' ? bytes : Buffer.from(bytes).toString()
  if (dataType === 'json' && responseType === 'text') {
    try { got = JSON.parse(got) } catch { /* WeChat leaves it as it came */ }
  }
  return { statusCode: answer.status, data: got, header: Object.fromEntries(answer.headers), errMsg: 'request:ok' }
}
