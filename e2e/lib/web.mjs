// The demo's web pages as an end user uses them, and what their owner changes
// meanwhile from a process beside the server.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { account, mall } from './console.mjs'

const everything = ['functions.invoke', 'database.read', 'database.write', 'storage.read', 'storage.write']

/** Logs in through the simulator's page as one of its persons and waits for init() to have answered. */
export async function logIn(page, person) {
  await page.goto('/demo/login.html')
  await page.locator('#log-in').click()
  await page.getByRole('button', { name: `(${person})` }).click()
  await page.locator('#signed-in[data-init]').waitFor()
}

/** Opens a page and waits until it has tried what it tries by itself, the named attempt last. */
export async function open(page, name, last) {
  await page.goto(`/demo/${name}.html`)
  await settled(page, last)
}

const line = (page, name) => page.locator(`[data-attempt="${name}"]`)

async function settled(page, name) {
  await page.locator(`[data-attempt="${name}"][data-state]`).waitFor()
  const item = line(page, name)
  const state = await item.getAttribute('data-state')
  const text = await item.locator('output').innerText()
  return { state, code: state === 'refused' ? await item.getAttribute('data-code') : '', text }
}

/** How an attempt ended that the page has made. */
export const outcome = settled

/** Presses the button of an attempt and returns how it ended. */
export async function attempt(page, name) {
  await line(page, name).getByRole('button').click()
  return settled(page, name)
}

export async function allowed(page, name) {
  const { state, text } = await attempt(page, name)
  assert.equal(state, 'allowed', `${name}: ${text}`)
  return text
}

export async function refused(page, name, code) {
  const { state, code: got, text } = await attempt(page, name)
  assert.deepEqual({ state, code: got }, { state: 'refused', code }, `${name}: ${text}`)
}

/** Declares changes of the lent environment, its share, or both. */
export async function asOwner(server, { environment, permissions = everything, until }) {
  const file = path.join(server.dir, 'owner.yaml')
  const declared = {
    appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme',
    environments: environment && [{ id: mall.test, name: '测试环境', ...environment }],
    shares: [{ to: account.appid, until, environments: [{ id: mall.test, permissions }] }],
  }
  await writeFile(file, JSON.stringify({ apps: [declared] }))
  await server.run('apply', '-f', file)
}
