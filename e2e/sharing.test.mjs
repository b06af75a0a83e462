// 环境共享 in a browser: finding shares, the form as one types and ticks, two
// administrators, a share's own page, and the map.
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits, tabTo } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member, campaign, account, outside } = ui
const list = `/apps/${mall.appid}/shares`

describe('sharing', () => {
  let server, browser, alice

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    const file = path.join(server.dir, 'shares.yaml')
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString()
    await writeFile(file, JSON.stringify({
      apps: [{
        appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme', sharing: true,
        shares: [
          { to: member.appid, until: soon, note: '会员日', environments: [{ id: mall.test, permissions: ['functions.view', 'functions.invoke'] }] },
          { to: account.appid, note: '服务号', environments: [{ id: mall.prod }] },
        ],
      }],
    }))
    await server.run('apply', '-f', file)
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  const rows = page => page.getByTestId('share-row')
  const changes = page => page.getByTestId('changes').innerText().then(text => text.replaceAll(/\s/g, ''))

  test('the list narrows while one types, and the address keeps it', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(list)
    const search = page.getByRole('searchbox', { name: '搜索应用名称、AppID 或备注' })
    await search.pressSequentially('服务')
    await rows(page).filter({ hasText: member.appid }).waitFor({ state: 'detached' })
    assert.equal(await rows(page).count(), 1)
    assert.ok(await search.evaluate(e => e === document.activeElement), 'the search keeps the focus')
    await page.waitForURL(/q=/)
    await page.reload()
    assert.equal(await rows(page).count(), 1)
    await page.getByRole('link', { name: '清除筛选' }).first().click()
    await rows(page).nth(1).waitFor()
    await page.getByLabel('权限', { exact: true }).selectOption('functions.invoke')
    await page.getByLabel('环境', { exact: true }).selectOption(mall.test)
    await rows(page).filter({ hasText: account.appid }).waitFor({ state: 'detached' })
    await page.getByTestId('share-states').getByRole('link', { name: '即将到期' }).click()
    await page.waitForURL(/state=ending/)
    await rows(page).nth(1).waitFor({ state: 'detached' })
    await rows(page).first().waitFor()
    assert.equal(await rows(page).count(), 1)
    await page.getByTestId('share-states').getByRole('link', { name: '已过期' }).click()
    await page.getByText('没有符合条件的共享').waitFor()
  }))

  test('the list narrows without JavaScript', () => journey(browser, server, { storageState: alice, javaScriptEnabled: false }, async page => {
    await page.goto(list)
    await page.getByRole('searchbox', { name: '搜索应用名称、AppID 或备注' }).fill('会员')
    await page.getByLabel('排序').selectOption('calls')
    await page.getByRole('button', { name: '筛选' }).click()
    await page.waitForURL(/sort=calls/)
    assert.equal(await rows(page).count(), 1)
  }))

  test('an AppID is explained while one types it', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(list)
    await page.getByRole('link', { name: '添加共享' }).click()
    const dialog = page.locator('dialog[open]')
    const appid = dialog.getByRole('textbox', { name: '共享给' })
    const refused = dialog.getByTestId('lookup-refused')
    await appid.pressSequentially('wx12')
    await dialog.getByText('还差 14 个字符').waitFor()
    for (const [to, says] of [['wx12zz', 'AppID 由 wx 加 16 位'], [mall.appid, '不能共享给自己'], [outside.appid, '共享不能跨主体'], ['wx00000000000000ff', '没有找到这个 AppID']]) {
      await appid.fill(to)
      await refused.getByText(says).waitFor()
      await appid.and(page.locator('[aria-invalid="true"]')).waitFor()
    }
    await accessible(page)
    await appid.fill(campaign.appid)
    await dialog.getByTestId('grantee').getByText(campaign.name).waitFor()
    await appid.and(page.locator(':not([aria-invalid])')).waitFor()
    assert.ok(await appid.evaluate(e => e === document.activeElement), 'the input keeps the focus')
    await dialog.getByRole('button', { name: '共享', exact: true }).waitFor()
    await ui.environmentCard(page, mall.test).locator('input[name=env]').check()
    await ui.environmentCard(page, mall.test).getByRole('button', { name: '仅调用函数' }).click()
    const summary = await ui.environmentCard(page, mall.test).getByTestId('summary').innerText()
    assert.match(summary, new RegExp(`${campaign.name}[^]*在控制台：\\s*无。[^]*在代码里：\\s*调用云函数\\s[^]*不能：`))
    await ui.environmentCard(page, mall.prod).locator('input[name=env]').check()
    await ui.environmentCard(page, mall.test).getByRole('button', { name: '把这里的权限复制到其他已选环境' }).click()
    assert.equal(await ui.environmentCard(page, mall.prod).locator('input[data-permission]:checked').count(), 1)
    await dialog.getByText('2 个环境，2 项权限').waitFor()
    // Enter in a field shares; it does not press another button of the form.
    await page.locator('#share-form').getByLabel('备注').fill('返场')
    await page.keyboard.press('Enter')
    await ui.flash(page, `已共享给 ${campaign.name}`)
    assert.match(await ui.shareRow(page, campaign).innerText(), /返场/)
  }))

  test('the code that the overview of a borrowed environment shows runs as it is', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`/apps/${member.appid}/envs/${mall.test}`)
    const code = await page.getByTestId('in-code').innerText()
    const folder = path.join(server.dir, 'functions', 'asShown')
    await mkdir(folder, { recursive: true })
    assert.match(code, /\/\/ lent/)
    await writeFile(path.join(folder, 'index.js'), code.replace(/\/\/ lent.*/, "return (await lent.callFunction({ name: 'hello' })).result"))
    const file = path.join(server.dir, 'as-shown.yaml')
    await writeFile(file, JSON.stringify({
      apps: [{
        appid: member.appid, name: member.name, type: 'miniprogram', principal: 'acme',
        environments: [{ id: member.env, name: '会员环境', functions: 'functions' }],
      }],
    }))
    await server.run('apply', '-f', file)
    const { returned, error } = await ui.run(page, member, member.env, 'asShown')
    assert.equal(error, '')
    assert.equal(returned.fromAppid, member.appid)
  }))

  test('the top bar finds the environment, and the key / leads there', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(list)
    await page.keyboard.press('/')
    const search = page.getByRole('searchbox', { name: '搜索环境、云函数、共享' })
    assert.ok(await search.evaluate(e => e === document.activeElement), 'the search takes the focus')
    await page.keyboard.type('hello')
    await page.keyboard.press('Enter')
    await page.getByTestId('found-functions').getByRole('link', { name: 'hello' }).first().click()
    await page.waitForURL(`**${ui.functionPath(mall, mall.test, 'hello')}`)
    await page.setViewportSize({ width: 360, height: 800 })
    await page.getByTestId('search-link').click()
    await page.getByRole('searchbox', { name: '搜索环境、云函数、共享' }).last().fill('会员')
    await page.keyboard.press('Enter')
    await page.getByTestId('found-lends').getByRole('link', { name: member.name }).click()
    await page.waitForURL(/shares\/\w+$/)
  }))

  test('what saving changes is told while one ticks', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(list)
    await ui.shareAction(page, member, '编辑')
    await page.getByTestId('changes').getByText('没有改动').waitFor()
    await ui.permissionBox(page, mall.test, 'functions.view').uncheck()
    await ui.permissionBox(page, mall.test, 'database.read').check()
    assert.match(await changes(page), /测试环境新增：读取数据收回：查看云函数/)
    await ui.environmentCard(page, mall.prod).locator('input[name=env]').check()
    await ui.environmentCard(page, mall.prod).getByRole('button', { name: '仅调用函数' }).click()
    await page.locator('#share-form').getByLabel('备注').fill('会员日返场')
    await page.keyboard.press('Tab')
    assert.match(await changes(page), /生产环境（新加入）新增：调用云函数备注：原为「会员日」/)
    await ui.submitShare(page, '保存', `给 ${member.name} 的共享已更新`)
    await rows(page).filter({ hasText: member.appid }).getByRole('link', { name: member.name }).click()
    const history = page.getByTestId('share-event')
    await history.nth(1).waitFor()
    assert.match((await history.first().innerText()).replaceAll(/\s+/g, ' '), /alice 修改了共享.*生产环境 （新加入） 新增：.*调用云函数.*测试环境 新增：.*读取数据.*收回：.*查看云函数.*备注由「会员日」改为「会员日返场」/)
  }))

  test('what saving changes is told without JavaScript', () => journey(browser, server, { storageState: alice, javaScriptEnabled: false }, async page => {
    await page.goto(list)
    await ui.shareAction(page, account, '编辑')
    await page.locator('#share-form').getByLabel('备注').fill('新的备注')
    await page.getByRole('button', { name: '预览变化' }).click()
    await page.getByTestId('changes').getByText('服务号').waitFor()
    assert.match(await changes(page), /备注：原为「服务号」/)
    assert.equal(await page.locator('#share-form').getByLabel('备注').inputValue(), '新的备注')
    await page.goto(list)
    assert.match(await ui.shareRow(page, account).innerText(), /服务号/)
  }))

  test('two administrators: the second is told, compares, and saves over', () => {
    const expected = /status of 409 /
    return journey(browser, server, { storageState: alice, expected }, async page => {
      const open = async tab => {
        await tab.goto(list)
        await ui.shareAction(tab, account, '编辑')
        await tab.getByTestId('changes').waitFor()
      }
      const other = await page.context().newPage()
      await open(page)
      await open(other)
      await other.locator('#share-form').getByLabel('备注').fill('别人的备注')
      await ui.submitShare(other, '保存', `给 ${account.name} 的共享已更新`)
      await page.locator('#share-form').getByLabel('备注').fill('我的备注')
      await page.locator('#share-footer').getByRole('button', { name: '保存', exact: true }).click()
      await page.getByTestId('conflict').getByText(/alice 于 .* 修改了这份共享/).waitFor()
      assert.match(await page.getByTestId('newer').innerText(), /别人的备注/)
      assert.match(await page.getByTestId('mine').innerText(), /我的备注/)
      assert.equal(await page.locator('#share-form').getByLabel('备注').inputValue(), '我的备注')
      await accessible(page)
      await fits(page, [360, 768, 1440])
      await ui.submitShare(page, '用我的内容覆盖', `给 ${account.name} 的共享已更新`)
      assert.match(await ui.shareRow(page, account).innerText(), /我的备注/)
    })
  })

  test('pausing shows who uses the share first', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(list)
    await ui.shareAction(page, account, '暂停')
    await page.locator('dialog[open]').getByTestId('impact').waitFor()
    await page.keyboard.press('Escape')
    await page.getByTestId('share-states').getByText('已暂停').waitFor()
    assert.match(await ui.shareRow(page, account).innerText(), /生效中/)
    await ui.pauseShare(page, account)
    await ui.resumeShare(page, account)
  }))

  test('the map leads to every share, with the keyboard alone', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(list)
    await page.getByRole('link', { name: '关系图' }).click()
    await page.getByTestId('share-graph').waitFor()
    const line = page.getByTestId('graph-line').filter({ hasText: `${mall.name} 共享给 ${account.name}` })
    assert.equal(await page.getByTestId('graph-line').count(), await page.getByTestId('map-row').count())
    await accessible(page)
    await fits(page, [360, 768, 1440, 1920])
    await tabTo(page, line)
    await page.keyboard.press('Enter')
    await page.getByTestId('share-actions').waitFor()
    assert.match(await page.getByRole('main').innerText(), new RegExp(account.appid))
  }))
})
