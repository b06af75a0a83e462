// An operator takes an account back that somebody else linked an account of theirs to.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { signInThere, startProvider } from './lib/accounts.mjs'
import { journey, launch } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const widths = [360, 768, 1440]

describe('an account that was taken', () => {
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

  const elsewhere = page => page.getByRole('button', { name: '使用 公司账号 登录' }).click()

  /** Links what the thief has at the provider to bob, whose password the thief knows. */
  async function link(page) {
    await page.goto('/account/sign-in')
    await page.getByTestId('external').getByRole('link', { name: '关联账号' }).click()
    await page.getByLabel('当前密码').fill(ui.password)
    await page.getByRole('button', { name: '关联账号' }).click()
    await page.waitForURL(/\/account\/sign-in$|^http:\/\/127\.0\.0\.1:\d+\/interaction\//)
    if (page.url().startsWith(provider.issuer)) await signInThere(page, provider, 'thief')
    await ui.flash(page, '已关联 thief')
  }

  async function openBob(page) {
    await page.goto('/operator/users')
    await page.getByTestId('user-row').filter({ hasText: 'bob' }).getByRole('link').click()
  }

  async function looksRight(page) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      await page.reload() // colours fade into each other
      await fits(page, widths)
      await accessible(page)
    }
  }

  test('is given back: its links are shown and end, each or with the password', () => {
    const expected = new RegExp(`${provider.issuer}|status of 422 .*/login/oidc/callback`)
    return journey(browser, server, { expected }, thief => journey(browser, server, {}, async ops => {
      await ui.signIn(thief, 'bob')
      await link(thief)
      await ui.signIn(ops, 'alice')

      await openBob(ops)
      await ops.getByTestId('user-link').getByText('thief').first().waitFor()
      await looksRight(ops)
      await ops.getByRole('button', { name: '移除账号' }).click()
      await ui.flash(ops, '已移除外部账号')
      assert.equal(await ops.getByTestId('user-link').count(), 0)
      await thief.goto('/account/sign-in')
      await thief.waitForURL(/\/login/) // signed out
      await elsewhere(thief)
      await thief.getByTestId('login-refusal').getByText('没有关联任何用户').waitFor()

      await ui.signIn(thief, 'bob')
      await link(thief)
      await openBob(ops)
      await ops.goto(await ops.getByRole('link', { name: '重置密码' }).getAttribute('href'))
      assert.equal(await ops.getByLabel('同时移除关联的外部账号（1 个）').isChecked(), true)
      await looksRight(ops)
      await ops.getByRole('button', { name: '重置密码' }).click()
      await ops.getByTestId('setup-link').waitFor()
      await thief.goto('/login')
      await elsewhere(thief)
      await thief.getByTestId('login-refusal').getByText('没有关联任何用户').waitFor()
    }))
  })
})
