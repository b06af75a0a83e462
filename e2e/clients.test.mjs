// The demo's web pages in a real browser, with the genuine client SDK: a user of
// an official account, a visitor without login, and an owner who changes what
// both may do.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'
import * as web from './lib/web.mjs'

const { account, mall } = ui

describe('web pages', () => {
  let server, browser, onGateway

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    onGateway = { console: server.gateway }
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  // The SDK asks for limits and speed in the background; leaving the page ends that.
  const background = { expected: /jsoperatewxdata net::ERR_ABORTED/ }
  const pages = (name, steps, options = background) => test(name, () => journey(browser, onGateway, options, steps))

  pages('a gold member reads all offers, and writes and follows notes of their own', async page => {
    await web.logIn(page, 'ming')
    assert.equal(new URL(page.url()).search, '', 'the tokens left the address')
    assert.equal((await web.outcome(page, 'all-offers')).state, 'allowed')
    await page.locator('#level').getByText('gold').waitFor()
    await page.locator('#appid').getByText(account.appid).waitFor()
    assert.match(await page.locator('#openid').innerText(), /^o.{27}$/)
    assert.equal(await page.locator('#offer-list li').count(), 3)
    assert.equal((await web.outcome(page, 'createOrder')).state, 'allowed')
    await web.refused(page, 'write-offer', '-502003')
    await web.refused(page, 'cloudbase_auth', '-501023')

    await page.locator('#watch').getByText('✓ 0').waitFor()
    await page.locator('#note-text').fill('买咖啡豆')
    await page.locator('#note-text').press('Enter')
    await page.locator('#note-list').getByText('买咖啡豆').waitFor()
    await web.refused(page, 'read-everybody', '-502003')
    await web.refused(page, 'forge', '-501007')
    await page.locator('#note-text').fill('留给下次')
    await web.allowed(page, 'add-note')

    await page.reload()
    const note = page.locator('#note-list').getByText('买咖啡豆') // the login lasts
    await note.getByRole('button').click()
    await note.waitFor({ state: 'detached' })

    const token = await page.evaluate(appid => localStorage.getItem(`wxcloudbase_OfficialAccount_${appid}_access_token`), account.appid)
    const login = async () => (await (await page.request.post('/__wx__/check_login', { data: { appid: account.appid, access_token: token } })).json()).base_resp.ret
    assert.equal(await login(), 0)
    await page.locator('#log-out').click()
    await page.locator('#log-in').waitFor()
    assert.equal(await login(), 40014) // ended on the server too
  })

  pages('a guest reads the public offers alone, and nobody’s notes', async page => {
    await web.logIn(page, 'hong')
    assert.equal((await web.outcome(page, 'public-offers')).state, 'allowed')
    await web.refused(page, 'all-offers', '-502003')
    await page.locator('#level').getByText('guest', { exact: true }).waitFor()
    assert.equal(await page.locator('#offer-list li').count(), 2)
    await web.refused(page, 'createOrder', '-501023')
    await web.allowed(page, 'hello')
    await page.locator('#watch').getByText('✓ 0').waitFor()
    assert.match(await web.allowed(page, 'read-notes'), /0$/) // 小明 has one
  })

  pages('a file is uploaded, shown and deleted by its owner', async page => {
    await web.logIn(page, 'hong')
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'
    await page.locator('#file').setInputFiles({ name: 'a.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) })
    await web.allowed(page, 'upload')
    await page.waitForFunction(() => document.querySelector('#shown img')?.naturalWidth === 40)
    await web.refused(page, 'delete-foreign', '-503002')
    await web.allowed(page, 'delete')
  })

  test('an uploaded page runs no script, and does not see the gateway’s storage', async () => {
    const html = `<!doctype html><title>inert</title><p>here</p><script>
      document.title = 'ran'; try { document.title += localStorage.length } catch (e) { document.title += e.name }</script>`
    let address
    await journey(browser, onGateway, { expected: /(files\/d\/.*|jsoperatewxdata net::)ERR_ABORTED/ }, async page => {
      await web.logIn(page, 'gang')
      await page.locator('#file').setInputFiles({ name: 'evil.html', mimeType: 'text/html', buffer: Buffer.from(html) })
      await web.allowed(page, 'upload')
      address = await page.locator('#shown a').getAttribute('href')

      const answer = await page.request.get(address)
      assert.equal(await answer.text(), html)
      assert.match(answer.headers()['content-security-policy'], /^sandbox;/)
      // A browser saves it; nothing is shown.
      const download = page.waitForEvent('download')
      await page.evaluate(url => { location.href = url }, address)
      assert.equal((await download).suggestedFilename(), 'evil.html')
    })
    // Even shown, as by a browser that ignores the disposition, it stays inert: the
    // answer is the server's own but for that one header.
    await journey(browser, onGateway, { expected: /Blocked script execution|jsoperatewxdata net::ERR_ABORTED/ }, async page => {
      await page.route(address, async route => {
        const answer = await route.fetch()
        const { 'content-disposition': _, ...headers } = answer.headers()
        await route.fulfill({ response: answer, headers })
      })
      await page.goto(address)
      await page.getByText('here').waitFor()
      assert.equal(await page.title(), 'inert')
      assert.equal(await page.evaluate(() => { try { return localStorage.length } catch (e) { return e.name } }), 'SecurityError')
    })
  })

  test('login CSRF: a way back that this page did not begin is refused before checkLogin', async () => {
    let link
    await journey(browser, onGateway, background, async page => { // the attacker keeps the address that logs 小红 in
      page.on('request', r => { if (r.url().includes('access_token=')) link = r.url() })
      await web.logIn(page, 'hong')
    })
    assert.match(link, /access_token=.+&.*state=/)
    await journey(browser, onGateway, background, async page => {
      const asked = []
      page.on('request', r => { if (r.url().endsWith('/check_login')) asked.push(r.url()) })
      await page.goto(link)
      await page.locator('#alert').getByText('已拒绝').waitFor()
      await page.locator('#log-in').waitFor()
      assert.equal(new URL(page.url()).search, '')
      assert.deepEqual(asked, [])
      assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [])

      await web.logIn(page, 'ming') // whose own login works afterwards
      await page.goto(link)
      await page.locator('#alert').getByText('已拒绝').waitFor()
      await page.locator('#level').getByText('gold').waitFor() // still 小明
    })
  })

  pages('without login only custom rules let a visitor in', async page => {
    await web.open(page, 'visitor', 'upload')
    assert.match((await web.outcome(page, 'read-notice')).text, /2$/)
    assert.match((await web.outcome(page, 'hello')).text, /"openid":""/)
    for (const [name, code] of [
      ['write-notice', '-502003'], ['createOrder', '-501023'], ['read-offers', '-502003'], ['read-products', '-502003'], ['upload', '-503002'],
    ]) {
      const { state, code: got } = await web.outcome(page, name)
      assert.deepEqual({ name, state, code: got }, { name, state: 'refused', code })
    }
  })

  pages('the login page without a login offers nothing', async page => {
    await page.goto('/demo/login.html')
    await page.locator('#log-in').waitFor()
    assert.equal(await page.locator('#panels').isVisible(), false)
  })

  test('the owner’s changes count from the next call on, in pages that are open', async () => {
    const visitor = await browser.newContext({ baseURL: server.gateway, locale: 'zh-CN' })
    try {
      const open = await visitor.newPage()
      await web.open(open, 'visitor', 'upload')
      await web.asOwner(server, { environment: { unauthenticated_access: false } })
      await web.refused(open, 'read-notice', '-601012')
      await web.refused(open, 'hello', '-601012')
      await web.asOwner(server, { environment: { unauthenticated_access: true } })
      await web.allowed(open, 'read-notice')

      await web.asOwner(server, { environment: { collections: { notice: { rules: { read: 'auth != null', write: false } } } } })
      await web.refused(open, 'read-notice', '-502003')
      await web.asOwner(server, { environment: { function_rules: { '*': { invoke: 'auth != null' } } } })
      await web.refused(open, 'hello', '-501023')
    } finally {
      await visitor.close()
    }
  })

  test('a member meets an edited rule, a missing permission and a revoked share', async () => {
    await journey(browser, onGateway, background, async page => {
      await web.logIn(page, 'ming')
      await web.allowed(page, 'all-offers')
      const goldOnly = level => ({ offers: { rules: { read: `auth.custom.level == '${level}'`, write: false } } })
      await web.asOwner(server, { environment: { collections: goldOnly('platinum') } })
      await web.refused(page, 'all-offers', '-502003')
      await web.refused(page, 'public-offers', '-502003')
      await web.asOwner(server, { environment: { collections: goldOnly('gold') } })
      await web.allowed(page, 'all-offers')

      await web.asOwner(server, { permissions: ['database.read'] })
      await web.allowed(page, 'all-offers')
      await web.refused(page, 'add-note', '-601018')
      await web.refused(page, 'hello', '-601018')
      await web.asOwner(server, {})
      await web.allowed(page, 'add-note')

      // The owner removes the share in the console.
      const alice = await session(browser, server, 'alice')
      await journey(browser, server, { storageState: alice }, async owner => {
        await ui.openApp(owner, mall)
        await ui.removeShare(owner, account)
      })
      await web.refused(page, 'all-offers', '-601012')
      await web.refused(page, 'hello', '-601012')
      await page.locator('#watch[data-state="ended"]').waitFor()
      await page.reload()
      await page.locator('#init').getByText('-601012').waitFor()
      assert.equal(await page.locator('#panels').isVisible(), false)

      // Lent anew, what was said before does not count: cloudbase_auth speaks again.
      await web.asOwner(server, {})
      await page.reload()
      await page.locator('#init').getByText('errCode 0').waitFor()
    })
  })
})

test('neither the pages nor the simulator exist outside of the demo', async () => {
  const server = await startServer()
  try {
    for (const path of ['/demo/', '/demo/login.html', '/simulator/connect/oauth2/authorize', '/simulator/simulator/code']) {
      assert.equal((await fetch(server.gateway + path)).status, 404, path)
    }
  } finally {
    await server.stop()
  }
})
