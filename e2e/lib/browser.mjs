// Chromium, strictly: what a page logs as an error, a request that fails and a
// request to anywhere but the console each fail the journey.
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

import { signIn } from './console.mjs'

const limitMs = 20_000

/** Starts Chromium with nothing of its own on the network. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  })
}

/**
 * Runs steps in a browser context of their own and then checks that nothing went
 * wrong unseen.
 * @param {import('playwright-core').Browser} browser
 * @param {{console: string}} server
 * @param {import('playwright-core').BrowserContextOptions & {expected?: RegExp}} options expected matches the trouble that belongs to the journey
 * @param {(page: import('playwright-core').Page) => Promise<void>} steps
 */
export async function journey(browser, server, { expected, ...options }, steps) {
  const context = await browser.newContext({ baseURL: server.console, locale: 'zh-CN', viewport: { width: 1360, height: 900 }, ...options })
  context.setDefaultTimeout(limitMs)
  const trouble = []
  const note = text => { if (!expected?.test(text)) trouble.push(text) }
  context.on('console', message => { if (message.type() === 'error') note(`console: ${message.text()} ${message.location().url}`) })
  context.on('weberror', error => note(`exception: ${error.error().stack}`))
  context.on('requestfailed', request => !harmless(request) && note(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`))
  context.on('request', request => { if (new URL(request.url()).origin !== server.console) note(`elsewhere: ${request.url()}`) })
  context.on('response', response => { if (response.status() >= 500) note(`${response.status()}: ${response.url()}`) })
  try {
    const page = await context.newPage()
    await steps(page)
    assert.deepEqual(trouble, [])
  } catch (error) {
    if (trouble.length > 0) error.message += `\nbeside it: ${trouble.join('\n')}`
    throw error
  } finally {
    await context.close()
  }
}

/** Signs somebody in and returns what the browser keeps of it, for journeys that begin signed in. */
export async function session(browser, server, username) {
  let state
  await journey(browser, server, {}, async page => {
    await signIn(page, username)
    state = await page.context().storageState()
  })
  return state
}

/** What Chromium reports as failed though nobody misses it: a redirect that a script asked not to follow, and the icon, the QR code and the code editor of a page that was left. */
function harmless(request) {
  if (request.failure()?.errorText !== 'net::ERR_ABORTED') return false
  const unfollowed = request.resourceType() === 'fetch' && request.redirectedFrom() !== null
  return unfollowed || /\/icons\/favicon|\/second-factor\/qr|\/vendor\/editor\./.test(new URL(request.url()).pathname)
}
