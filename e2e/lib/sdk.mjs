// Genuine SDKs in processes of their own, outside of functions.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { withoutSettings } from './server.mjs'

const child = fileURLToPath(new URL('./sdk_child.cjs', import.meta.url))

/** Credentials as `envshare credentials issue` prints them, with the id that revokes them. */
export async function issue(server, app, env) {
  const { stdout, stderr } = await server.run('credentials', 'issue', '--app', app, '--env', env)
  const lines = stdout.trim().split('\n')
  const variables = Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  return { variables, id: stderr.match(/credential (\S+) ends/)[1] }
}

/**
 * Starts a process that speaks through one of the SDKs.
 * @param {'wx4' | 'wx2' | 'node3'} version
 * @param {object} variables from issue()
 */
export function start(version, variables) {
  const env = { ...withoutSettings(process.env), ...variables, SILENCE: 'true' }
  const worker = fork(child, [version], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let noise = ''
  let last = 0
  const waiting = new Map()
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', text => { noise += text })
  const ended = new Promise(resolve => worker.once('exit', resolve))
  ended.then(() => waiting.forEach(({ reject }) => reject(new Error(`the process ended\n${noise}`))))
  worker.on('message', ({ id, ...answer }) => {
    waiting.get(id).resolve(answer)
    waiting.delete(id)
  })
  return {
    /** Resolves with {value} or {error: {code, errCode, message}}. */
    do: order => new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject })
      worker.send({ id: last, order })
    }),
    stop: async () => {
      worker.disconnect()
      await ended
    },
  }
}
