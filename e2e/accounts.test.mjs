// One's own account: second factor, password, sessions, and signing in elsewhere at
// a real OpenID provider.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { oneTimeCode, signInThere, startProvider } from './lib/accounts.mjs'
import { journey, launch } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const widths = [360, 768, 1440]
const half = 30_000

describe('one\'s own account', () => {
  let server, browser, provider

  before(async () => {
    provider = await startProvider()
    server = await startServer({ demo: true, env: provider.env })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    await provider?.stop()
  })

  async function openAccount(page) {
    await page.getByTestId('user-menu').click()
    await page.getByRole('link', { name: '账户', exact: true }).click()
    await page.getByRole('heading', { name: '账户' }).waitFor()
  }

  const section = (page, name) => page.getByRole('navigation', { name: '账户' }).getByRole('link', { name }).click()

  /** The sign-in form, without waiting for what follows. */
  async function enter(page, username, password = ui.password) {
    await page.goto('/login')
    await page.getByLabel('用户名').fill(username)
    await page.getByLabel('密码').fill(password)
    await page.getByRole('button', { name: '登录', exact: true }).click()
  }

  async function enterCode(page, code) {
    await page.getByLabel('验证码或恢复码').fill(code)
    await page.getByRole('button', { name: '验证', exact: true }).click()
  }

  for (const { username, javaScriptEnabled } of [{ username: 'alice', javaScriptEnabled: true }, { username: 'bob', javaScriptEnabled: false }]) {
    test(`a second factor from the first code to the last, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => {
      const expected = /status of 422 .*\/(login\/second-factor|account\/second-factor\/\S+)$/
      return journey(browser, server, { javaScriptEnabled, expected }, async page => {
        const check = async () => {
          await fits(page, widths)
          if (javaScriptEnabled) await accessible(page)
        }
        await ui.signIn(page, username)
        await openAccount(page)
        await page.getByRole('link', { name: '开启', exact: true }).click()
        await page.getByLabel('当前密码').fill(ui.password)
        await page.getByRole('button', { name: '开启', exact: true }).click()
        const picture = page.getByTestId('qr')
        await picture.waitFor()
        if (javaScriptEnabled) assert.ok(await picture.evaluate(e => e.complete && e.naturalWidth > 100), 'the QR code shows')
        await check()
        const secret = await page.getByTestId('secret').innerText()
        await page.getByLabel('6 位验证码').fill('000000')
        await page.getByRole('button', { name: '验证并开启' }).click()
        await page.getByText('验证码不正确').waitFor()
        const first = oneTimeCode(secret)
        await page.getByLabel('6 位验证码').fill(first)
        await page.getByRole('button', { name: '验证并开启' }).click()
        await page.getByRole('link', { name: '我已保存' }).waitFor()
        const codes = await page.getByTestId('recovery-code').allInnerTexts()
        assert.equal(new Set(codes).size, 10)
        await check()
        await page.getByRole('link', { name: '我已保存' }).click()
        await page.getByTestId('second-factor').getByText('已开启').waitFor()
        await ui.signOut(page)

        await enter(page, username)
        await check()
        await enterCode(page, first)
        await page.getByText('或已经用过').waitFor()
        await page.goto('/apps')
        assert.equal(new URL(page.url()).pathname, '/login', 'half signed in is not signed in')
        await enter(page, username)
        await enterCode(page, oneTimeCode(secret, half))
        await page.getByTestId('user-menu').waitFor()
        await ui.signOut(page)
        await enter(page, username)
        await enterCode(page, codes[0])
        await page.getByTestId('user-menu').waitFor()

        await openAccount(page)
        await page.getByTestId('codes-left').getByText('还有 9 个恢复码').waitFor()
        await page.getByTestId('second-factor').getByRole('link', { name: '关闭' }).click()
        await page.getByLabel('当前密码').fill(ui.password)
        await page.getByLabel('验证码或恢复码').fill(codes[1])
        await page.getByRole('button', { name: '关闭', exact: true }).click()
        await ui.flash(page, '两步验证已关闭')
        await ui.signOut(page)
        await ui.signIn(page, username)
      })
    })
  }

  test('an operator resets a lost second factor, and its sessions end', () => journey(browser, server, {}, async page => {
    await ui.signIn(page, 'alice')
    await openAccount(page)
    await page.getByRole('link', { name: '开启', exact: true }).click()
    await page.getByLabel('当前密码').fill(ui.password)
    await page.getByRole('button', { name: '开启', exact: true }).click()
    await page.getByLabel('6 位验证码').fill(oneTimeCode(await page.getByTestId('secret').innerText()))
    await page.getByRole('button', { name: '验证并开启' }).click()
    await page.getByTestId('recovery-code').first().waitFor()
    const { stdout } = await server.run('user', 'reset-totp', 'alice')
    assert.equal(stdout, 'reset alice\n')
    await page.goto('/apps')
    assert.equal(new URL(page.url()).pathname, '/login')
    await ui.signIn(page, 'alice')
    await assert.rejects(server.run('user', 'reset-totp', 'alice'), error => /no second factor/.test(error.stderr) && error.code === 1)
  }))

  test('a new password, and a session that one does not know', () => {
    const expected = /status of 422 .*\/(account\/password|login)$/
    return journey(browser, server, { expected }, async page => {
      const there = await browser.newContext({ baseURL: server.console, locale: 'zh-CN' })
      const lost = await there.newPage()
      await ui.signIn(lost, 'carol')
      await ui.signIn(page, 'carol')
      await openAccount(page)
      await section(page, '登录会话')
      const rows = page.getByTestId('session-row')
      await rows.nth(1).waitFor()
      assert.equal(await rows.count(), 2)
      await rows.filter({ hasText: '本次登录' }).getByText('Chrome').first().waitFor()
      await fits(page, widths)
      await accessible(page)
      await rows.filter({ hasNotText: '本次登录' }).getByRole('button', { name: '结束登录' }).click()
      await ui.flash(page, '登录已结束')
      await lost.goto('/apps')
      assert.equal(new URL(lost.url()).pathname, '/login')

      await ui.signIn(lost, 'carol')
      await section(page, '安全')
      await page.getByRole('link', { name: '修改密码' }).click()
      const fill = async (current, fresh) => {
        await page.waitForLoadState() // by then the page has put the focus where it wants it
        await page.getByLabel('当前密码').fill(current)
        await page.getByLabel('新密码').fill(fresh)
        await page.getByLabel('再次输入密码').fill(fresh)
        await page.getByRole('button', { name: '修改密码' }).click()
      }
      await fill('not this one', 'another horse battery')
      await page.getByText('密码不正确。').waitFor()
      await fill(ui.password, 'another horse battery')
      await ui.flash(page, '密码已保存')
      await lost.goto('/apps')
      assert.equal(new URL(lost.url()).pathname, '/login')
      await there.close()
      await ui.signOut(page)
      await enter(page, 'carol')
      await page.getByTestId('login-refusal').waitFor()
      await enter(page, 'carol', 'another horse battery')
      await page.getByTestId('user-menu').waitFor()
    })
  })

  test('preferences', () => journey(browser, server, {}, async page => {
    await ui.signIn(page, 'bob')
    await openAccount(page)
    await section(page, '偏好设置')
    await page.getByRole('radio', { name: '深色' }).check()
    await page.getByRole('button', { name: '保存外观' }).click()
    await page.locator('html[data-theme=dark]').waitFor()
    await page.getByRole('radio', { name: '英文（English）' }).check()
    await page.getByRole('button', { name: '保存语言' }).click()
    await page.locator('html[lang=en]').waitFor()
    await page.getByRole('radio', { name: 'As the system says' }).check()
    await page.getByRole('button', { name: 'Save appearance' }).click()
    await page.locator('html:not([data-theme])').waitFor({ state: 'attached' })
    await page.getByRole('radio', { name: 'Simplified Chinese' }).check()
    await page.getByRole('button', { name: 'Save language' }).click()
    await page.locator('html[lang=zh-CN]').waitFor()
  }))

  test('signing in elsewhere, once the account is linked', () => {
    const expected = new RegExp(`${provider.issuer}|status of 422 .*/login/oidc/callback`)
    return journey(browser, server, { expected }, async page => {
      const elsewhere = () => page.getByRole('button', { name: '使用 公司账号 登录' }).click()
      await page.goto('/login')
      await elsewhere()
      await signInThere(page, provider, 'alice')
      await page.getByTestId('login-refusal').getByText('没有关联任何用户').waitFor()

      await ui.signIn(page, 'alice')
      await openAccount(page)
      await section(page, '登录方式')
      await page.getByTestId('external').getByRole('link', { name: '关联账号' }).click()
      await page.getByLabel('当前密码').fill(ui.password)
      await page.getByRole('button', { name: '关联账号' }).click()
      await page.waitForURL(/\/account\/sign-in$|^http:\/\/127\.0\.0\.1:\d+\/interaction\//)
      if (page.url().startsWith(provider.issuer)) await signInThere(page, provider, 'alice')
      await ui.flash(page, '已关联 alice')
      await ui.signOut(page)

      await page.goto(`/apps/${ui.mall.appid}/shares`)
      await elsewhere()
      await page.waitForURL(`${server.console}/apps/${ui.mall.appid}/shares`)
      await page.getByTestId('user-menu').waitFor()

      await page.goto('/account/sign-in')
      await page.getByTestId('external').getByRole('link', { name: '解除关联' }).click()
      await page.getByLabel('当前密码').fill(ui.password)
      await page.getByRole('button', { name: '解除关联' }).click()
      await ui.flash(page, '已解除关联')
    })
  })
})
