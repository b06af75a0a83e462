// The database of an environment in a real browser: a table of documents, the
// vendor's query syntax, two people at one document.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'

describe('database', () => {
  let server, browser, alice

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  const rows = page => page.getByTestId('document-row')
  const products = async page => {
    await ui.openApp(page, ui.mall)
    await ui.tab(page, '数据库').click()
    await page.getByRole('link', { name: 'products' }).click()
    await rows(page).first().waitFor()
  }
  /** Writes a document into the editor. */
  const document = async (page, text) => {
    await ui.editor(page, '记录（扩展 JSON）')
    await page.getByLabel('记录（扩展 JSON）').fill(text)
  }
  const step = (name, steps, options) => test(name, () => journey(browser, server, { storageState: alice, expected: /status of (409|422)/, ...options }, steps)) // answers with an error on the page

  for (const [how, options] of [['with JavaScript', {}], ['without JavaScript', { javaScriptEnabled: false }]]) {
    step(`finds and sorts as people write it, ${how}`, async page => {
      await products(page)
      const all = await rows(page).count()
      await page.getByLabel('查询条件').fill("{price: _.gt(40).and(_.lt(100)), name: /杯/}")
      await page.getByRole('button', { name: '查询' }).click()
      await page.getByTestId('total').getByText('共 2 条').waitFor()
      await page.getByRole('columnheader', { name: 'price' }).getByRole('link').click()
      await page.locator('th[aria-sort=ascending]').waitFor()
      assert.match(await rows(page).first().innerText(), /45/)
      await page.locator('th[aria-sort=ascending] a').click()
      await page.locator('th[aria-sort=descending]').waitFor()
      assert.match(await rows(page).first().innerText(), /59\.5/)
      await page.getByRole('link', { name: 'JSON', exact: true }).click()
      await rows(page).first().getByText('"price":59.5').waitFor()

      await page.getByLabel('查询条件').fill('{price: _.gt(}')
      await page.getByRole('button', { name: '查询' }).click()
      await page.getByText('第 1 行第').waitFor()
      assert.equal(await page.getByLabel('查询条件').inputValue(), '{price: _.gt(}')
      assert.equal(await rows(page).count(), 0)
      assert.ok(all > 2)
    }, options)
  }

  step('adds, edits and deletes; the second of two people is told and loses nothing', async page => {
    await products(page)
    await page.getByRole('link', { name: '新增记录' }).click()
    await document(page, '{"_id": "e2e", "price": 1}')
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('document-row').filter({ hasText: 'e2e' }).getByRole('link', { name: '查看' }).click()
    const address = page.url()
    const second = await page.context().newPage()
    await second.goto(address)
    await document(second, '{"_id": "e2e", "price": 2}')
    await second.getByRole('button', { name: '保存' }).click()
    await ui.flash(second, '已保存记录')

    await document(page, '{"_id": "e2e", "price": 3}')
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('newer').getByText('"price": 2').waitFor()
    assert.match(await page.locator('textarea[name=text]').inputValue(), /"price": 3/)
    await page.getByRole('button', { name: '保存' }).click()
    await ui.flash(page, '已保存记录')

    await rows(page).filter({ hasText: 'e2e' }).getByRole('link', { name: '删除' }).click()
    await page.getByTestId('doomed').getByText('"price": 3').waitFor()
    await page.getByRole('button', { name: '删除记录' }).click()
    await ui.flash(page, '已删除记录')
    assert.equal(await rows(page).filter({ hasText: 'e2e' }).count(), 0)
  })

  step('a collection with documents goes only when its name is typed', async page => {
    await ui.openApp(page, ui.mall)
    await ui.tab(page, '数据库').click()
    await page.getByLabel('集合名称').fill('doomed')
    await page.getByRole('button', { name: '新建集合' }).click()
    await page.getByRole('link', { name: '新增记录' }).click()
    await document(page, '{}')
    await page.getByRole('button', { name: '保存' }).click()
    await rows(page).first().waitFor()
    await page.getByRole('link', { name: '删除集合' }).click()
    await page.getByLabel('请输入 doomed 确认').fill('dooomed')
    await page.getByRole('button', { name: '删除集合' }).click()
    await page.getByText('请准确输入 doomed').waitFor()
    await page.getByLabel('请输入 doomed 确认').fill('doomed')
    await page.getByRole('button', { name: '删除集合' }).click()
    await page.getByRole('link', { name: 'products' }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'doomed' }).count(), 0)
  })
})
