// What a person has beside the browser: an authenticator app, and an account at an
// OpenID provider.
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** The code that an authenticator app shows for a secret, some time from now (RFC 6238). */
export function oneTimeCode(secret, inMs = 0) {
  const bits = [...secret.replaceAll(/\s/g, '')].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map(b => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor((Date.now() + inMs) / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Starts the OpenID provider of the tests; it ends with its input. */
export async function startProvider() {
  const file = fileURLToPath(new URL('../../internal/identity/oidc/provider/provider.mjs', import.meta.url))
  const clientId = 'envshare'
  const clientSecret = 'a-secret-of-tests-alone'
  const child = spawn(process.execPath, [file, clientId, clientSecret], { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = new Promise(resolve => child.once('exit', resolve))
  const issuer = await new Promise((resolve, reject) => {
    child.stdout.once('data', text => resolve(String(text).trim()))
    child.once('exit', code => reject(new Error(`the provider ended (${code}): make e2e installs it`)))
  })
  return {
    issuer,
    env: { ENVSHARE_OIDC_ISSUER: issuer, ENVSHARE_OIDC_CLIENT_ID: clientId, ENVSHARE_OIDC_CLIENT_SECRET: clientSecret, ENVSHARE_OIDC_NAME: '公司账号' },
    stop: () => { child.stdin.end(); return ended },
  }
}

/** Signs in at the provider, whose page is open or about to be. */
export async function signInThere(page, provider, name) {
  await page.waitForURL(url => url.origin === provider.issuer)
  const login = page.locator('input[name=login]')
  if (await login.count() > 0) {
    await login.fill(name)
    await page.locator('input[name=password]').fill('any')
    await page.locator('button[type=submit]').click()
    await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' })
  }
  await page.locator('button[type=submit]').click()
}
