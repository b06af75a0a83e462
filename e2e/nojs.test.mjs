// What people do with JavaScript switched off: plain links and forms. Other files walk
// some ways both with and without: members, environments, operators, the account.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'
import * as web from './lib/web.mjs'

const { mall, member, campaign, account, outside } = ui
const env = `/apps/${mall.appid}/envs/${mall.test}`

describe('without JavaScript', () => {
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

  /** A journey of alice. Pages say no with a status that Chromium logs. */
  const step = (name, steps) => test(name, () => journey(browser, server, { storageState: alice, javaScriptEnabled: false, expected: /status of (409|422) / }, steps))
  const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
  const follow = (page, name) => page.getByRole('link', { name, exact: true }).click()

  step('a borrower leaves a share', async page => {
    await page.goto(`/apps/${mall.appid}`)
    await ui.share(page, member, { [mall.test]: ['functions.invoke'] })
    await page.goto(`/apps/${member.appid}/shares?tab=with-me`)
    const row = page.getByTestId('incoming-row').filter({ hasText: mall.appid })
    await row.getByRole('link', { name: '退出共享' }).click()
    await page.getByRole('heading', { name: `退出 ${mall.name} 的共享` }).waitFor()
    await press(page, '退出共享')
    await ui.flash(page, '已退出共享')
    assert.equal(await row.count(), 0)
    await page.goto(`/apps/${mall.appid}/shares`)
    await ui.shareRow(page, account).waitFor()
    assert.equal(await ui.shareRow(page, member).count(), 0)
  })

  step('who may call without signing in, and from where', async page => {
    await page.goto(`${env}/settings/access`)
    const allowed = page.getByLabel('允许未登录访问')
    const origins = page.getByLabel('允许的网页来源')
    await allowed.uncheck()
    await origins.fill('shop.example')
    await press(page, '保存')
    await page.getByTestId('field-error').waitFor()
    assert.equal(await origins.inputValue(), 'shop.example')
    assert.equal(await allowed.isChecked(), false)
    await origins.fill('https://shop.example')
    await press(page, '保存')
    await ui.flash(page, '权限设置已保存')
    await page.goto(`${env}/settings/access`)
    assert.equal(await origins.inputValue(), 'https://shop.example')
    assert.equal(await allowed.isChecked(), false)
  })

  step('a rule is refused with its place, tried, saved, and taken back', async page => {
    await page.goto(`${env}/storage/rules`)
    const inForce = page.getByTestId('in-force')
    const before = await inForce.innerText()
    await page.getByLabel('自定义安全规则').check()
    await page.getByLabel('自定义规则（JSON）').fill('{"read": true, "write": fals}')
    await press(page, '保存规则')
    await page.getByText('第 1 行').waitFor()
    assert.equal(await inForce.innerText(), before, 'a wrong rule changes nothing')
    assert.equal(await page.getByLabel('自定义规则（JSON）').inputValue(), '{"read": true, "write": fals}')
    await page.getByLabel('自定义规则（JSON）').fill('{"read": true, "write": "auth.custom.role == \'editor\'"}')
    await press(page, '检查')
    await page.getByText('规则有效').waitFor()
    await page.getByLabel('调用者').selectOption({ label: '小程序用户' })
    await page.getByRole('combobox', { name: '操作' }).selectOption('write')
    await page.getByLabel('auth.openid').fill('o-somebody')
    await press(page, '模拟')
    await page.getByTestId('simulation-result').getByText('拒绝', { exact: true }).waitFor()
    await press(page, '保存规则')
    await ui.flash(page, '规则已保存')
    await inForce.getByText('editor').waitFor()
    await page.getByLabel('所有人可读，仅创建者可写').check()
    await press(page, '保存规则')
    await inForce.getByText('editor').waitFor({ state: 'detached' })
    await page.getByTestId('rule-version').filter({ hasText: 'editor' }).getByRole('button', { name: '恢复此版本' }).click()
    await inForce.getByText('editor').waitFor()
  })

  step('a call is asked about', async page => {
    await page.goto(`/apps/${mall.appid}/explain`)
    await follow(page, '小程序 / 网页客户端')
    const form = page.locator('main form')
    await form.getByLabel('来源方应用').fill(account.appid)
    await form.getByLabel('操作').selectOption({ label: '读取记录（get、count）' })
    await form.getByLabel('云函数、集合或文件路径').fill('offers')
    await form.getByLabel('用户', { exact: true }).selectOption({ label: '已登录（假设 cloudbase_auth 放行）' })
    await form.getByText('更多条件').click()
    await form.getByLabel('auth.custom').fill('{"level":"silver"}')
    await press(page, '查看判断过程')
    await page.getByTestId('explain-verdict').getByText('这次调用会被拒绝').waitFor()
    assert.equal(await form.getByLabel('auth.custom').inputValue(), '{"level":"silver"}')
    await page.getByTestId('explain-fix-link').click()
    await page.getByTestId('in-force').getByText('gold').waitFor()
  })

  test('an end user is signed out', () => journey(browser, { console: server.gateway }, { expected: /jsoperatewxdata net::ERR_ABORTED/ }, async end => {
    await web.logIn(end, 'ming')
    const openID = (await end.locator('#openid').innerText()).trim()
    await journey(browser, server, { storageState: alice, javaScriptEnabled: false }, async page => {
      await page.goto(`${env}/users`)
      await page.getByTestId('visitor-row').getByRole('link', { name: openID }).click()
      await page.getByText('至 20').waitFor()
      await follow(page, '退出登录')
      await page.getByTestId('impact').waitFor()
      await page.locator('main').getByRole('button', { name: '退出登录' }).click()
      await ui.flash(page, '已退出登录')
      await page.getByText('没有有效的放行').waitFor()
    })
  }))

  step('a function is rolled back to the version before', async page => {
    const address = ui.functionPath(mall, mall.test, 'hello')
    await page.goto(`${address}/code`)
    await page.getByLabel('index.js 的内容').fill("exports.main = async () => 'second'")
    await press(page, '保存并部署…')
    await press(page, '部署为新版本')
    await ui.flash(page, 'v2')
    assert.equal((await ui.run(page, mall, mall.test, 'hello')).returned, 'second')
    await follow(page, '版本')
    await page.getByTestId('version-row').filter({ hasText: 'v1' }).getByRole('link', { name: '回滚到此版本' }).click()
    await page.getByTestId('changed-file').filter({ hasText: 'index.js' }).waitFor()
    await press(page, '回滚到此版本')
    await ui.flash(page, '已回滚到 v1')
    assert.notEqual((await ui.run(page, mall, mall.test, 'hello')).returned, 'second')
  })

  step('a document is added, edited and deleted; others are imported', async page => {
    await page.goto(`${env}/database`)
    await page.getByLabel('集合名称').fill('plain')
    await press(page, '新建集合')
    await follow(page, '新增记录')
    const text = page.getByLabel('记录（扩展 JSON）')
    await text.fill('{"_id": "one", "price": ')
    await press(page, '保存')
    await page.getByText('不是有效的 JSON').waitFor()
    await text.fill('{"_id": "one", "price": 1}')
    await press(page, '保存')
    const one = page.getByTestId('document-row').filter({ hasText: 'one' })
    await one.getByRole('link', { name: '查看' }).click()
    await text.fill('{"_id": "one", "price": 2}')
    await press(page, '保存')
    await ui.flash(page, '已保存记录')
    await one.getByRole('link', { name: '删除' }).click()
    await page.getByTestId('doomed').getByText('"price": 2').waitFor()
    await press(page, '删除记录')
    await ui.flash(page, '已删除记录')
    assert.equal(await one.count(), 0)

    await follow(page, '导入导出')
    await page.getByLabel('文件', { exact: true }).setInputFiles({ name: 'two.jsonl', mimeType: 'application/json', buffer: Buffer.from('{"_id":"a"}\n{"_id":"b"}\n') })
    await press(page, '导入')
    await ui.flash(page, '导入已开始')
    const done = page.getByTestId('transfer-row').getByText('2 条，失败 0 条')
    for (let i = 0; !await done.isVisible(); i++) {
      assert.ok(i < 100, 'the import ends')
      await page.reload()
    }
    await follow(page, '记录')
    await page.getByTestId('total').getByText('共 2 条').waitFor()
  })

  step('a file is uploaded, moved and deleted', async page => {
    await page.goto(`${env}/storage`)
    await page.getByLabel('上传到文件夹').fill('plain')
    await page.getByLabel('文件', { exact: true }).setInputFiles({ name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('1') })
    await press(page, '上传')
    await ui.flash(page, '已上传 1 个文件')
    await page.getByTestId('file-row').filter({ hasText: 'one.txt' }).locator('summary').click()
    await follow(page, '移动或重命名')
    await page.getByLabel('新的路径').fill('plain/two.txt')
    await press(page, '移动或重命名')
    await ui.flash(page, '已移动到 plain/two.txt')
    await page.goto(`${env}/storage?folder=plain%2F`)
    await page.getByTestId('file-row').filter({ hasText: 'two.txt' }).locator('summary').click()
    await follow(page, '删除')
    await press(page, '删除')
    await ui.flash(page, '已删除 plain/two.txt')
  })

  step('the log is filtered and exported', async page => {
    await page.goto(`/apps/${mall.appid}/audit`)
    await page.getByLabel('操作类型').selectOption('sharing')
    await page.getByLabel('操作人').fill('alice')
    await press(page, '查询')
    await page.waitForURL(/group=sharing/)
    await page.getByTestId('audit-row').filter({ hasText: `「${mall.name}」向「${member.name}」共享环境` }).first().waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), follow(page, '导出 CSV')])
    const csv = await readFile(await download.path(), 'utf8')
    assert.ok(csv.startsWith('\ufeff时间,操作人,'), csv.slice(0, 40))
    assert.ok(csv.includes(`「${mall.name}」向「${member.name}」共享环境`), csv)
  })
})
