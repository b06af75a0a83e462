// The heart of the tour with JavaScript switched off: plain links and forms.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member, campaign, outside } = ui

describe('without JavaScript', () => {
  let server, browser

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('share, use, change and take back', () => journey(browser, server, { javaScriptEnabled: false }, async page => {
    const callMall = () => ui.run(page, member, member.env, 'callMall')
    await ui.signIn(page, 'alice')
    await ui.openApp(page, member)
    await ui.enableSharing(page)
    await ui.openApp(page, mall)

    await ui.openShareForm(page)
    await (await ui.lookUp(page, outside.appid)).getByText('不属于同一主体').waitFor()
    await (await ui.lookUp(page, member.appid)).getByTestId('grantee').filter({ hasText: member.name }).waitFor()
    await ui.tickOnly(page, mall.test, ['functions.invoke'])
    await ui.submitShare(page, '共享', `已共享给 ${member.name}`)

    await ui.switchApp(page, member)
    const { status, returned } = await callMall()
    assert.equal(status, '成功')
    assert.equal(returned.context.FROM_APPID, member.appid)

    await ui.switchApp(page, mall)
    await ui.pauseShare(page, member)
    assert.match((await callMall()).error, /-601012/)
    await ui.switchApp(page, mall)
    await ui.resumeShare(page, member)

    // S5 holds without the script that keeps the ticks consistent.
    await ui.editShare(page, member, { [mall.test]: ['functions.operate'] })
    const granted = await ui.shareRow(page, member).innerText()
    assert.match(granted, /查看云函数/)
    assert.match(granted, /操作云函数/)
    assert.match((await callMall()).error, /-601018/)

    await ui.switchApp(page, mall)
    await ui.removeShare(page, member)
    assert.match((await callMall()).error, /-601012/)
  }))

  test('a share without any permission is refused beside the field, and the input is kept', () => {
    const expected = new RegExp(`status of 422 .*/apps/${mall.appid}/shares$`)
    return journey(browser, server, { javaScriptEnabled: false, expected }, async page => {
      await ui.signIn(page, 'alice')
      await ui.openApp(page, mall)
      await ui.openShareForm(page)
      await (await ui.lookUp(page, member.appid)).getByTestId('grantee').waitFor()
      await ui.tickOnly(page, mall.test, [])
      await page.getByLabel('备注').fill('双十一期间')
      await page.getByRole('button', { name: '共享', exact: true }).click()
      await ui.environmentCard(page, mall.test).getByText('至少勾选一项权限').waitFor()
      assert.equal(await page.getByLabel('备注').inputValue(), '双十一期间')
      assert.equal(await ui.environmentCard(page, mall.test).locator('input[name=env]').isChecked(), true)
    })
  })

  test('theme, language and the first environment of an app', () => {
    const expected = new RegExp(`status of 403 .*/apps/${campaign.appid}$`)
    return journey(browser, server, { javaScriptEnabled: false, expected }, async page => {
      await ui.signIn(page, 'bob')
      await page.getByRole('button', { name: '切换深色或浅色' }).click()
      await page.locator('html[data-theme=dark]').waitFor()
      await page.getByRole('button', { name: 'EN', exact: true }).click()
      await page.locator('html[lang=en][data-theme=dark]').waitFor()
      await page.getByRole('button', { name: '中文', exact: true }).click()
      await page.locator('html[lang=zh-CN]').waitFor()

      await page.goto(`/apps/${campaign.appid}`)
      await page.getByTestId('no-entry').getByRole('link', { name: '创建第一个环境' }).click()
      await page.getByLabel('环境名称').fill('活动环境')
      await page.getByLabel('环境 ID 前缀').fill('event')
      await page.getByRole('button', { name: '创建', exact: true }).click()
      await ui.flash(page, '已创建环境 event-')
      await page.getByTestId('getting-started').waitFor()
    })
  })
})
