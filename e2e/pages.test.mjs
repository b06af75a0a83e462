// Every page in both languages and themes, at the width of a phone, a tablet, a desk
// and a large screen.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, audit, dialogsFit, fits, tabTo, wellFormed } from './lib/page_checks.mjs'
import { allPages, fillPages, kindOf } from './lib/pages.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member, campaign } = ui
const widths = [360, 768, 1440, 1920]

// Pages that say no answer with a status that Chromium logs; pictures come from the gateway.
const expected = /status of (403|404|422) |elsewhere: \S+\/files\/d\//

describe('pages', () => {
  let server, browser, alice, pages

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    await fillPages(browser, server, alice)
    await journey(browser, server, { storageState: alice }, async page => { pages = await allPages(page) })
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  // A page is loaded once in a language; then the window and the theme of the system
  // change. Every width is audited in both themes, in one of the languages.
  describe('each of them', { concurrency: 2 }, () => {
    for (const { locale, lang, audited, theme } of [
      { locale: 'zh-CN', lang: 'zh-CN', audited: [360, 1440], theme: 'light' },
      { locale: 'en-US', lang: 'en', audited: [768], theme: 'dark' },
    ]) {
      const options = { locale, reducedMotion: 'reduce', expected }
      const check = async page => {
        assert.equal(await page.locator('html').getAttribute('lang'), lang)
        await wellFormed(page)
        await dialogsFit(page)
        await fits(page, widths)
        await audit(page, audited, theme)
      }

      test(`in ${lang}`, t => journey(browser, server, { storageState: alice, ...options }, async page => {
        const titles = new Map()
        for (const [name, address] of Object.entries(pages)) {
          await t.test(name, async () => {
            const answer = await page.goto(address)
            await ui.editors(page)
            await check(page)
            if (!answer.ok()) return // a refusal is called by its reason, wherever it is
            const title = await page.title()
            titles.set(title, (titles.get(title) ?? new Set()).add(kindOf(address)))
          })
        }
        await t.test('titles tell pages apart', () => {
          assert.deepEqual([...titles].filter(([, kinds]) => kinds.size > 1).map(([title, kinds]) => `${title}: ${[...kinds].join(', ')}`), [])
        })
      }))

      test(`signing in, in ${lang}`, () => journey(browser, server, options, async page => {
        await page.goto('/login')
        await check(page)
      }))
    }
  })

  test('a run with its result, and an open dialog', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(ui.functionPath(member, member.env, 'callMall'))
    await ui.pressRun(page)
    await accessible(page)
    await fits(page, widths)
    await page.goto(pages.shares)
    await page.getByRole('link', { name: '添加共享' }).click()
    await page.locator('dialog[open]').waitFor()
    await accessible(page)
    await fits(page, widths)
  }))

  test('a rule that is tried, and one that is wrong', () => journey(browser, server, { storageState: alice, expected }, async page => {
    await page.goto(pages['rules of a collection'])
    const inForce = await page.getByTestId('in-force').innerText()
    await page.getByLabel('自定义安全规则').check()
    await ui.editors(page)
    const text = page.getByLabel('自定义规则（JSON）')
    await ui.refill(text, `{"read": "auth.custom.role == 'staff'", "write": fals}`)
    await page.locator('#rule-check').getByText('第 1 行').waitFor()
    await accessible(page)
    await ui.refill(text, `{"read": "auth.custom.role == 'staff'", "write": false}`)
    await page.locator('#rule-check').getByText('规则有效').waitFor()
    await page.getByLabel('auth.custom').fill('{"role": "guest"}')
    await page.getByLabel('auth.openid').press('Enter')
    await page.getByTestId('simulation-part').getByText("auth.custom.role == 'staff'").waitFor()
    await accessible(page)
    await fits(page, widths)
    assert.equal(await page.getByTestId('in-force').innerText(), inForce, 'trying a rule changes nothing')
  }))

  test('with the keyboard alone', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(pages.shares)
    const add = page.getByRole('link', { name: '添加共享' })
    await tabTo(page, add)
    await page.keyboard.press('Enter')
    const dialog = page.locator('dialog[open]')
    const appid = dialog.getByRole('textbox', { name: '共享给' })
    await appid.waitFor()
    assert.ok(await appid.evaluate(e => e === document.activeElement), 'the dialog takes the focus')
    await page.keyboard.type(campaign.appid)
    await page.keyboard.press('Enter')
    await dialog.getByTestId('grantee').waitFor()
    await tabTo(page, ui.environmentCard(page, mall.test).locator('input[name=env]'))
    await page.keyboard.press('Space')
    await tabTo(page, ui.permissionBox(page, mall.test, 'functions.operate'))
    await tabTo(page, dialog.getByRole('button', { name: '共享', exact: true }))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await add.evaluate(e => e === document.activeElement), 'the focus returns')

    await page.goto(pages['test run'])
    await tabTo(page, page.getByRole('button', { name: '运行', exact: true }))
    await page.keyboard.press('Enter')
    await page.getByTestId('run-status').waitFor()
  }))
})
