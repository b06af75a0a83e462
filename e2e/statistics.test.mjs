// Who and what used an environment: users, statistics, and how functions do, as
// owner and borrower see them.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'
import * as web from './lib/web.mjs'

const { account, mall, member } = ui
const background = { expected: /jsoperatewxdata net::ERR_ABORTED/ }

/** The chart with an id, after it was drawn. */
async function chart(page, id) {
  const figure = page.locator(`figure#${id}[data-drawn]`)
  await figure.waitFor()
  return figure
}

/** How many pixels of a chart have a colour, given as "r g b" with some tolerance. */
const coloured = (figure, name) => figure.locator('canvas').first().evaluate((canvas, variable) => {
  const want = getComputedStyle(document.documentElement).getPropertyValue(variable).trim().split(/\s+/).map(Number)
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let n = 0
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 200 && want.every((c, k) => Math.abs(data[i + k] - c) < 12)) n++
  }
  return n
}, name)

describe('statistics', () => {
  let server, browser, alice

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    const file = path.join(server.dir, 'shares.yaml')
    await writeFile(file, JSON.stringify({
      apps: [{ appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme', sharing: true, shares: [{ to: member.appid, environments: [{ id: mall.test }] }] }],
    }))
    await server.run('apply', '-f', file)
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('an owner finds who came, and signs them out', () => journey(browser, { console: server.gateway }, background, async end => {
    await web.logIn(end, 'ming')
    await web.outcome(end, 'createOrder')
    const openID = (await end.locator('#openid').innerText()).trim()
    await journey(browser, server, { storageState: alice }, async page => {
      await ui.openApp(page, mall)
      await ui.tab(page, '用户管理').click()
      await page.getByLabel('OpenID 或 UnionID 的一部分').fill(openID.slice(4, 14))
      await page.getByLabel('来源应用').selectOption(account.appid)
      await page.getByRole('button', { name: '查询' }).click()
      await page.waitForURL(/search=/)
      const row = page.getByTestId('visitor-row')
      await row.first().waitFor()
      assert.equal(await row.count(), 1)
      await row.getByText('网页', { exact: true }).waitFor()
      await row.getByRole('link', { name: openID }).click()
      await page.getByText('至 20').waitFor() // what cloudbase_auth allowed still holds
      await page.getByRole('link', { name: '退出登录' }).click()
      await page.locator('dialog[open]').getByRole('button', { name: '退出登录' }).click()
      await ui.flash(page, '已退出登录')
      await page.getByText('没有有效的放行').waitFor()
    })
    await end.locator('#note-text').fill('现在')
    assert.equal((await web.attempt(end, 'add-note')).state, 'refused', 'what was allowed ended at once')
    await end.reload()
    await end.locator('#signed-in[data-init]').waitFor() // the login lasts, and init() is judged anew
    await end.locator('#note-text').fill('再来')
    await web.allowed(end, 'add-note')
  }))

  test('charts show what their tables say, in the colours of the theme', () => journey(browser, server, { storageState: alice, acceptDownloads: true }, async page => {
    await ui.run(page, member, member.env, 'callMall')
    for (let i = 0; i < 3; i++) await ui.run(page, mall, mall.test, 'getProducts')
    await ui.openApp(page, mall)
    await ui.tab(page, '统计分析').click()
    const over = await chart(page, 'calls-over-time')
    assert.ok(await coloured(over, '--brand') > 50, 'own calls are drawn')
    assert.ok(await coloured(over, '--lent') > 20, 'borrowed calls are violet')
    assert.equal(await over.locator('table').isVisible(), false)
    await over.getByText('查看数据').click()
    const today = over.locator('tbody tr').last().locator('td')
    assert.ok(Number(await today.nth(0).getAttribute('data-value')) >= 3)
    assert.ok(Number(await today.nth(1).getAttribute('data-value')) >= 1)

    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await page.waitForFunction(() => document.querySelector('figure#calls-over-time canvas').getContext('2d')
      .getImageData(0, 0, 9999, 9999).data.some((v, i, d) => i % 4 === 0 && Math.abs(v - 35) < 6 && Math.abs(d[i + 1] - 187) < 6 && Math.abs(d[i + 2] - 116) < 6))
    await page.setViewportSize({ width: 420, height: 900 })
    await page.waitForFunction(() => document.querySelector('figure#calls-over-time canvas').clientWidth < 420)

    await page.getByRole('navigation', { name: '时间范围' }).getByRole('link', { name: '24 小时' }).click()
    await chart(page, 'durations')
    await page.getByTestId('caller-row').getByRole('link', { name: member.name }).click()
    await page.getByText(`只统计 ${member.name} 的调用`).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '下载 CSV' }).click()])
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n')
    assert.match(lines[0], /^\ufeff时间 \(UTC\),环境,来源应用,操作,调用,失败,被拒绝/)
    assert.ok(lines.length > 1 && lines.slice(1).every(line => line.includes(`,${member.appid},`)), lines.join('\n'))
  }))

  test('a borrower sees sums and itself; a function has its own figures', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`/apps/${member.appid}/envs/${mall.test}/statistics`)
    const named = await page.getByTestId('caller-row').allInnerTexts()
    assert.equal(named.length, 1)
    assert.match(named[0], new RegExp(member.appid))
    await page.goto(ui.functionPath(mall, mall.test, 'getProducts'))
    await page.getByRole('link', { name: '监控' }).click()
    await page.getByRole('link', { name: '24 小时' }).click()
    await page.waitForURL(/range=24h/)
    const runs = await chart(page, 'runs')
    await runs.getByText('查看数据').click()
    assert.ok(Number(await runs.locator('tbody tr').last().locator('td').first().getAttribute('data-value')) >= 3)
    await page.getByText('p50 / p95').waitFor()
  }))

  test('without JavaScript the figures are in tables', () => journey(browser, server, { storageState: alice, javaScriptEnabled: false }, async page => {
    await page.goto(`/apps/${mall.appid}/envs/${mall.test}/statistics`)
    const figure = page.locator('figure#calls-by-operation')
    assert.equal(await figure.locator('[data-chart-canvas]').isVisible(), false)
    await figure.getByText('查看数据').click()
    await figure.getByRole('rowheader', { name: '调用云函数' }).waitFor()
  }))

  test('pages without charts load no chart library', () => journey(browser, server, { storageState: alice }, async page => {
    const asked = []
    page.on('request', r => { if (/charts|echarts/.test(r.url())) asked.push(r.url()) })
    await page.goto(`/apps/${mall.appid}/envs/${mall.test}/functions`)
    await page.waitForLoadState('networkidle')
    assert.deepEqual(asked, [])
    await ui.tab(page, '统计分析').click()
    await chart(page, 'durations')
    assert.equal(asked.length, 2)
  }))
})
