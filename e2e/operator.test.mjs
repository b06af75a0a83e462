// The operator's area and the audit log, as people use them.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'

import { journey, launch } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, tabTo } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member } = ui

describe('operator and audit log', () => {
  let server, browser

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function openOperator(page, section) {
    await page.getByTestId('user-menu').click()
    await page.getByRole('link', { name: '平台管理', exact: true }).click()
    await page.getByRole('navigation', { name: '平台管理' }).getByRole('link', { name: section, exact: true }).click()
  }

  for (const javaScriptEnabled of [true, false]) {
    const name = javaScriptEnabled ? 'dana' : 'erin'
    const principal = javaScriptEnabled ? 'fresh' : 'plain'
    const appid = javaScriptEnabled ? 'wx00000000000000e5' : 'wx00000000000000e6'

    test(`register a principal, an app and a user who comes in, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => {
      const expected = /status of (403|422) /
      return journey(browser, server, { javaScriptEnabled, expected }, async page => {
        await ui.signIn(page, 'alice')
        await openOperator(page, '主体')
        await page.getByRole('link', { name: '登记主体' }).click()
        await page.locator('input[name=id]').fill(principal)
        await page.locator('input[name=name]').fill('新主体')
        await page.getByRole('button', { name: '保存' }).click()
        await ui.flash(page, '已登记主体 新主体')

        await openOperator(page, '应用')
        await page.getByRole('link', { name: '登记应用' }).click()
        const form = page.locator('form').filter({ has: page.getByLabel('AppSecret') })
        await form.locator('input[name=appid]').fill('wx1')
        await form.locator('input[name=name]').fill('新应用')
        await form.locator('input[name=principal]').fill(principal)
        await form.getByLabel('AppSecret').fill('very-secret')
        await form.getByRole('button', { name: '保存' }).click()
        await form.getByTestId('field-error').waitFor()
        await form.locator('input[name=appid]').fill(appid)
        await form.getByLabel('AppSecret').fill('very-secret')
        await form.getByRole('button', { name: '保存' }).click()
        await ui.flash(page, '已登记应用 新应用')
        await page.getByTestId('operator-app-row').filter({ hasText: appid }).getByText('已设置').waitFor()
        assert.ok(!(await page.content()).includes('very-secret'))

        await openOperator(page, '用户')
        await page.getByRole('link', { name: '添加用户' }).click()
        await page.locator('input[name=username]').fill(name)
        await page.getByRole('button', { name: '添加', exact: true }).click()
        const link = (await page.getByTestId('setup-link').innerText()).trim()
        await page.getByRole('link', { name: '查看用户' }).click()
        await page.getByTestId('user-facts').getByText('待设置密码').waitFor()
        await page.getByLabel('添加到应用（AppID）').fill(appid)
        await page.locator('#role-new').selectOption('admin')
        await page.getByRole('button', { name: '添加', exact: true }).click()
        await ui.flash(page, '已保存用户')
        const address = page.url()

        await journey(browser, server, { javaScriptEnabled, expected }, async theirs => {
          await theirs.goto(link)
          await theirs.locator('input[name=password]').fill(ui.password)
          await theirs.locator('input[name=password_again]').fill(ui.password)
          await theirs.getByRole('button', { name: '设置密码' }).click()
          await theirs.getByRole('heading', { name: '登录' }).waitFor()
          await ui.signIn(theirs, name)
          await theirs.goto('/apps')
          await theirs.getByTestId('app-row').filter({ hasText: appid }).waitFor()
          assert.equal((await theirs.goto('/operator')).status(), 403)

          await page.goto(address)
          await page.getByRole('link', { name: '停用' }).click()
          await page.getByRole('button', { name: '停用' }).click()
          await ui.flash(page, '已停用，会话已结束')
          await theirs.goto('/apps')
          await theirs.getByRole('heading', { name: '登录' }).waitFor()
          await theirs.getByLabel('用户名').fill(name)
          await theirs.getByLabel('密码').fill(ui.password)
          await theirs.getByRole('button', { name: '登录', exact: true }).click()
          await theirs.getByTestId('login-refusal').getByText('该账号已停用').waitFor()
        })

        await openOperator(page, '平台日志')
        await page.getByTestId('audit-row').filter({ hasText: `停用用户 ${name}` }).getByRole('link').click()
        await page.getByTestId('audit-changes').getByText('已停用').waitFor()
      })
    })
  }

  test('a change of a share is read by both sides, filtered and exported', () => journey(browser, server, {}, async page => {
    await ui.signIn(page, 'alice')
    await ui.openApp(page, mall)
    await page.goto(`/apps/${mall.appid}/extensions`)
    const enable = page.getByRole('button', { name: '开通' })
    if (await enable.count() > 0) await enable.click()
    await ui.openShareForm(page)
    await (await ui.lookUp(page, member.appid)).getByTestId('grantee').filter({ hasText: member.name }).waitFor()
    await ui.tickOnly(page, mall.test, ['functions.invoke'])
    await ui.submitShare(page, '共享', `已共享给 ${member.name}`)

    const sentence = `「${mall.name}」向「${member.name}」共享环境`
    for (const app of [mall, member]) {
      await page.goto(`/apps/${app.appid}/extensions`)
      await page.getByRole('link', { name: '操作日志' }).click()
      await page.getByLabel('操作类型').selectOption('sharing')
      await page.getByLabel('操作人').fill('alice')
      await page.getByRole('button', { name: '查询' }).click()
      await page.getByTestId('audit-row').filter({ hasText: sentence }).getByRole('link').click()
      await page.getByTestId('audit-changes').getByText('调用云函数').waitFor()
      await accessible(page)
    }
    await page.goto(`/apps/${mall.appid}/audit?group=sharing&actor=alice`)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '导出 CSV' }).click()])
    const csv = await readFile(await download.path(), 'utf8')
    assert.ok(csv.startsWith('\ufeff时间,操作人,'), csv.slice(0, 40))
    assert.ok(csv.includes(sentence), csv)
    assert.ok(!csv.includes('functions.invoke'), 'no raw keys')
  }))

  test('the filters with the keyboard alone', () => journey(browser, server, {}, async page => {
    await ui.signIn(page, 'alice')
    await page.goto(`/apps/${mall.appid}/audit`)
    await tabTo(page, page.getByLabel('操作人'))
    await page.keyboard.type('nobody')
    await page.keyboard.press('Enter')
    await page.getByTestId('empty').getByText('没有符合条件的记录').waitFor()
    await tabTo(page, page.getByRole('link', { name: '清除条件' }).first())
    await page.keyboard.press('Enter')
    await page.getByTestId('audit-row').first().waitFor()
  }))
})
