// A server of its own for a test file: a fresh data folder, free ports, and an
// end that is checked.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const binary = fileURLToPath(new URL('../../bin/envshare', import.meta.url))
const startLimitMs = 60_000
const stopLimitMs = 40_000

/**
 * Starts `envshare serve` and returns when it answers.
 * @param {{demo?: boolean, manifest?: string, env?: object}} options manifest is applied before the server starts
 */
export async function startServer({ demo = false, manifest, env = {} } = {}) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'envshare-e2e-'))
  const data = path.join(dir, 'data')
  const environment = { ...withoutSettings(process.env), TZ: 'Asia/Shanghai', ...env }

  const run = (...args) => promisify(execFile)(binary, [...args, '--data', data], { env: environment })
  if (manifest) await run('apply', '-f', manifest)

  const args = ['serve', '--data', data, '--console', '127.0.0.1:0', '--gateway', '127.0.0.1:0', '--log-level', 'warn']
  const child = spawn(binary, demo ? [...args, '--demo'] : args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  const ended = new Promise(resolve => child.once('exit', (code, signal) => resolve({ code, signal })))
  child.stderr.on('data', text => { output.stderr += text })

  const { console, gateway } = await new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`not ready in time\n${output.stderr}`)), startLimitMs)
    ended.then(({ code, signal }) => reject(new Error(`ended early (${code ?? signal})\n${output.stderr}`)))
    child.stdout.on('data', text => {
      output.stdout += text
      const found = output.stdout.match(/^Console: (\S+)\nGateway: (\S+)$/m)
      if (!found) return
      clearTimeout(limit)
      resolve({ console: found[1], gateway: found[2] })
    })
  }).catch(async error => {
    child.kill('SIGKILL')
    await rm(dir, { recursive: true, force: true })
    throw error
  })
  for (const url of [console, gateway]) {
    const { status } = await fetch(`${url}/readyz`)
    assert.equal(status, 200, `${url}/readyz`)
  }

  const stop = async () => {
    const family = await descendants(child.pid)
    child.kill('SIGTERM')
    const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    const { code, signal } = await ended
    clearTimeout(limit)
    assert.ok(family.length > 0, 'the server had workers')
    const survivors = [...await stillRunning(family), ...await runningIn(dir)]
    await rm(dir, { recursive: true, force: true })
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `exit\n${output.stderr}`)
    assert.deepEqual(survivors, [], 'processes that survived the server')
  }
  return { console, gateway, dir, run, stop, stderr: () => output.stderr }
}

/** The environment without settings of EnvShare or of an SDK. */
export function withoutSettings(env) {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !/^(ENVSHARE|TENCENT|TCB|SCF|WX)_/.test(key)))
}

/** Parent and start time of a process; the latter tells a reused pid apart. Undefined when it is gone or a zombie. */
async function processOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (!text) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : { pid, parent: Number(fields[1]), started: fields[19] }
}

async function allProcesses() {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  return (await Promise.all(pids.map(processOf))).filter(Boolean)
}

async function descendants(root) {
  const all = await allProcesses()
  const found = []
  for (const parents = [root]; parents.length > 0;) {
    const parent = parents.pop()
    for (const p of all.filter(p => p.parent === parent)) {
      found.push(p)
      parents.push(p.pid)
    }
  }
  return found
}

async function stillRunning(family) {
  const now = await Promise.all(family.map(p => processOf(p.pid)))
  return now.filter((p, i) => p && p.started === family[i].started).map(p => p.pid)
}

/** Processes that work in a folder, such as a worker whose parent is gone. */
async function runningIn(dir) {
  const all = await allProcesses()
  const places = await Promise.all(all.map(p => readlink(`/proc/${p.pid}/cwd`).catch(() => '')))
  return all.filter((_, i) => places[i].startsWith(dir)).map(p => p.pid)
}
