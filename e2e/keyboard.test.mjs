// What people do in the console, without a mouse: every element is reached with Tab,
// shows that it has the focus, and dialogs give it back.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

import { oneTimeCode } from './lib/accounts.mjs'
import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { choose, focused, give, openDialog, pick, press, type, withoutMouse } from './lib/keyboard.mjs'
import { startServer } from './lib/server.mjs'

const { mall, account } = ui
const app = `/apps/${mall.appid}`
const env = `${app}/envs/${mall.test}`

describe('with the keyboard alone', () => {
  let server, browser, alice

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    const file = path.join(server.dir, 'bob.yaml')
    await writeFile(file, JSON.stringify({ users: [{ username: 'bob', apps: { [mall.appid]: 'developer' } }] }))
    await server.run('apply', '-f', file)
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** A journey of alice that begins at an address. Pages say no with a status that Chromium logs. */
  function step(name, address, steps, storageState = () => alice) {
    test(name, () => journey(browser, server, { storageState: storageState(), expected: /status of (409|422) |elsewhere: \S+\/files\/d\// }, async page => {
      await withoutMouse(page)
      await page.goto(address)
      await steps(page)
    }))
  }

  const button = (within, name) => within.getByRole('button', { name, exact: true })
  const link = (within, name) => within.getByRole('link', { name, exact: true })
  const heading = (page, name) => page.getByRole('heading', { name }).waitFor()

  step('a call is asked about, and the answer leads to the rule that decides', `${app}/explain`, async page => {
    await press(page, link(page, '小程序 / 网页客户端'))
    await type(page, page.getByLabel('来源方应用'), account.appid)
    await choose(page, page.getByLabel('操作'), '读取记录（get、count）')
    await type(page, page.getByLabel('云函数、集合或文件路径'), 'offers')
    await choose(page, page.getByLabel('用户', { exact: true }), '已登录（假设 cloudbase_auth 放行）')
    await press(page, page.locator('summary').filter({ hasText: '更多条件' }))
    await type(page, page.getByLabel('auth.custom'), '{"level":"silver"}')
    await press(page, button(page, '查看判断过程'))
    await page.getByTestId('explain-verdict').getByText('这次调用会被拒绝').waitFor()
    await press(page, page.getByTestId('explain-fix-link'))
    await page.getByTestId('in-force').getByText('gold').waitFor()
  })

  step('somebody is invited, gets another role, and goes', `${app}/members`, async page => {
    const dialog = await openDialog(page, link(page, '邀请成员'))
    await pick(page, dialog.getByRole('group', { name: '角色' }), dialog.getByRole('radio', { name: '开发者' }))
    await pick(page, dialog.getByRole('group', { name: '有效期' }), dialog.getByRole('radio', { name: '1 天' }))
    await press(page, button(dialog, '生成链接'))
    assert.match(await dialog.getByTestId('invitation-link').getByRole('textbox').inputValue(), /\/invitations\//)
    await dialog.locator(':focus').waitFor()
    await press(page, link(dialog, '完成'))
    const invitation = page.getByTestId('invitation-row').first()
    await press(page, button(invitation, '撤销'))
    await invitation.getByText('已撤销').waitFor()

    const bob = page.getByTestId('member-row').filter({ hasText: 'bob' })
    await openDialog(page, link(bob, '修改角色'))
    await pick(page, dialog, dialog.getByRole('radio', { name: '访客' }))
    await press(page, button(dialog, '保存'))
    await ui.flash(page, '角色已修改')

    await openDialog(page, link(bob, '移除'))
    await press(page, link(dialog, '取消'))
    await focused(link(bob, '移除'))
    await page.keyboard.press('Enter')
    await press(page, button(dialog, '移除'))
    await ui.flash(page, '成员已移除')
    assert.equal(await bob.count(), 0)
  })

  step('an environment is deleted by typing its id, and restored', `${app}/envs/${mall.prod}/settings/danger`, async page => {
    const dialog = await openDialog(page, link(page, '删除环境'))
    const id = dialog.getByLabel(`输入环境 ID ${mall.prod} 以确认`)
    await type(page, id, 'mall')
    await page.keyboard.press('Enter')
    await dialog.getByText(`请输入完整的环境 ID：${mall.prod}`).waitFor()
    await focused(id)
    await type(page, id, mall.prod)
    await press(page, button(dialog, '删除环境'))
    await ui.flash(page, `环境 ${mall.prod} 已删除`)

    const switcher = page.getByTestId('environment-switcher')
    await press(page, switcher)
    await page.locator('details[data-menu][open]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('details[data-menu][open]').waitFor({ state: 'detached' })
    await focused(switcher)
    await page.keyboard.press('Space')
    await press(page, link(page, '切换环境'))
    await openDialog(page, link(page.getByTestId('deleted-environment').filter({ hasText: mall.prod }), '恢复'))
    await press(page, button(dialog, '恢复'))
    await ui.flash(page, `环境 ${mall.prod} 已恢复`)
  })

  step('a collection with a document and an index, and its end by typing its name', `${env}/database`, async page => {
    await type(page, page.getByLabel('集合名称'), 'keys')
    await page.keyboard.press('Enter')
    await press(page, link(page, '新增记录'))
    const editor = page.getByRole('textbox', { name: '记录（扩展 JSON）' })
    await ui.editor(page, '记录（扩展 JSON）')
    await type(page, editor, '{"_id": "one", "price": 1}')
    await press(page, button(page, '保存'))
    const one = page.getByTestId('document-row').filter({ hasText: 'one' })
    await press(page, link(one, '查看'))
    await ui.editor(page, '记录（扩展 JSON）')
    await type(page, editor, '{"_id": "one", "price": ')
    await press(page, button(page, '保存'))
    await page.getByText('不是有效的 JSON').waitFor() // a page anew
    await ui.editors(page)
    await type(page, editor, '{"_id": "one", "price": 2}')
    await press(page, button(page, '保存'))
    await ui.flash(page, '已保存记录')
    await press(page, link(one, '删除'))
    await page.getByTestId('doomed').getByText('"price": 2').waitFor()
    await press(page, button(page, '删除记录'))
    await ui.flash(page, '已删除记录')

    await press(page, link(page, '索引'))
    await type(page, page.getByLabel('字段'), 'price:1')
    await press(page, page.getByLabel('唯一'), 'Space')
    await press(page, button(page, '新建索引'))
    const index = page.getByTestId('index-row').filter({ hasText: 'price' })
    await index.getByText('唯一').waitFor()
    const dialog = await openDialog(page, link(index, '删除'))
    await press(page, button(dialog, '删除'))
    await index.waitFor({ state: 'detached' })

    // A dialog's form as a page of its own: what is in error takes the focus there too.
    await press(page, link(page, '记录'))
    await press(page, link(page, '新增记录'))
    await ui.editor(page, '记录（扩展 JSON）')
    await type(page, editor, '{}')
    await press(page, button(page, '保存'))
    await press(page, link(page, '删除集合'))
    const name = page.getByLabel('请输入 keys 确认')
    await type(page, name, 'kyes')
    await page.keyboard.press('Enter')
    await page.getByText('请准确输入 keys').waitFor()
    await focused(name)
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText('keys')
    await page.keyboard.press('Enter')
    await press(page, link(page, 'products'))
    await page.getByTestId('document-row').first().waitFor()
  })

  step('an import', `${env}/database`, async page => {
    await type(page, page.getByLabel('集合名称'), 'imported')
    await page.keyboard.press('Enter')
    await press(page, link(page, '导入导出'))
    await give(page, page.getByLabel('文件', { exact: true }), { name: 'two.jsonl', mimeType: 'application/json', buffer: Buffer.from('{"_id":"a"}\n{"_id":"b"}\n') })
    await press(page, button(page, '导入'))
    await page.getByTestId('transfer-row').getByText('2 条，失败 0 条').waitFor()
    await press(page, link(page, '记录'))
    await page.getByTestId('total').getByText('共 2 条').waitFor()
  })

  step('files are uploaded, moved and deleted', `${env}/storage`, async page => {
    await type(page, page.getByLabel('上传到文件夹'), 'keys')
    await give(page, page.getByLabel('文件', { exact: true }), { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('1') })
    await press(page, button(page, '上传'))
    await page.waitForURL(/folder=keys/)
    const row = name => page.getByTestId('file-row').filter({ has: link(page, name) })
    const menu = async name => {
      await press(page, row(name).locator('summary'))
      await row(name).locator('.menu-panel').waitFor()
    }
    await menu('one.txt')
    await page.keyboard.press('Escape')
    await focused(row('one.txt').locator('summary'))
    await page.keyboard.press('Enter')
    await press(page, link(row('one.txt'), '移动或重命名'))
    const dialog = page.locator('dialog[open]')
    await focused(dialog.getByLabel('新的路径'))
    await page.keyboard.press('Escape')
    await focused(row('one.txt').locator('summary'))
    await menu('one.txt')
    await press(page, link(row('one.txt'), '移动或重命名'))
    await type(page, dialog.getByLabel('新的路径'), 'keys/two.txt')
    await page.keyboard.press('Enter')
    await ui.flash(page, '已移动到 keys/two.txt')

    await press(page, link(page, '删除'))
    await press(page, button(dialog, '删除'))
    await ui.flash(page, '已删除 keys/two.txt')
  })

  step('a log that follows leaves the focus in a dialog where it is', `${ui.functionPath(mall, mall.test, 'hello')}/logs`, async page => {
    const dialog = await openDialog(page, link(page, '删除云函数'))
    await press(page, link(dialog, '取消'), 'Shift')
    await ui.post(page, `${ui.functionPath(mall, mall.test, 'hello')}/run`, { event: '{}' })
    await page.getByTestId('invocation-row').first().waitFor({ state: 'attached' })
    await focused(link(dialog, '取消'))
    await page.keyboard.press('Enter')
    await focused(link(page, '删除云函数'))
  })

  step('an operator registers an app, and adds and disables a user', '/operator/apps', async page => {
    const dialog = await openDialog(page, link(page, '登记应用'))
    const appid = dialog.getByLabel('AppID')
    await focused(appid)
    await page.keyboard.insertText('wx1')
    await type(page, dialog.getByLabel('名称'), '键盘应用')
    await type(page, dialog.getByLabel('主体 ID'), 'acme')
    await press(page, button(dialog, '保存'))
    await dialog.getByTestId('field-error').waitFor()
    await focused(appid)
    await type(page, appid, 'wx00000000000000e7')
    await press(page, button(dialog, '保存'))
    await ui.flash(page, '已登记应用 键盘应用')

    await press(page, link(page.getByRole('navigation', { name: '平台管理' }), '用户'))
    await openDialog(page, link(page, '添加用户'))
    await type(page, dialog.getByLabel('用户名'), 'erin')
    await page.keyboard.press('Enter')
    await dialog.getByTestId('setup-link').waitFor()
    await press(page, link(dialog, '查看用户'))
    await page.getByTestId('user-facts').waitFor()
    await openDialog(page, link(page, '停用'))
    await press(page, button(dialog, '停用'))
    await ui.flash(page, '已停用，会话已结束')
  })

  step('signing in, another password, and a second factor', '/login', async page => {
    await type(page, page.getByLabel('用户名'), 'carol')
    await type(page, page.getByLabel('密码'), ui.password)
    await page.keyboard.press('Enter')
    await press(page, page.getByTestId('user-menu'))
    await press(page, link(page, '账户'))
    const dialog = await openDialog(page, link(page, '修改密码'))
    const passwords = async current => {
      await type(page, dialog.getByLabel('当前密码'), current)
      await type(page, dialog.getByLabel('新密码'), 'another horse battery')
      await type(page, dialog.getByLabel('再次输入密码'), 'another horse battery')
      await page.keyboard.press('Enter')
    }
    await passwords('not this one')
    await dialog.getByText('密码不正确。').waitFor()
    await focused(dialog.getByLabel('当前密码'))
    await passwords(ui.password)
    await ui.flash(page, '密码已保存')

    await openDialog(page, link(page, '开启'))
    await type(page, dialog.getByLabel('当前密码'), 'another horse battery')
    await press(page, button(dialog, '开启'))
    await heading(page, '设置两步验证')
    await type(page, page.getByLabel('6 位验证码'), oneTimeCode(await page.getByTestId('secret').innerText()))
    await page.keyboard.press('Enter')
    await page.getByTestId('recovery-code').first().waitFor()
    await press(page, link(page, '我已保存'))
    await page.getByTestId('second-factor').getByText('已开启').waitFor()
  }, () => undefined)

  step('who may call without signing in, and a rule', `${env}/settings/access`, async page => {
    await press(page, page.getByLabel('允许未登录访问'), 'Space')
    await type(page, page.getByLabel('允许的网页来源'), 'https://shop.example')
    await press(page, button(page, '保存'))
    await page.locator('#flashes').getByRole('button').waitFor()
    assert.equal(await page.getByLabel('允许未登录访问').isChecked(), false)

    await press(page, link(page, '存储的安全规则'))
    await ui.editor(page, '自定义规则（JSON）')
    await pick(page, page.getByRole('group', { name: '权限' }), page.getByLabel('自定义安全规则'))
    const editor = page.getByRole('textbox', { name: '自定义规则（JSON）' })
    await type(page, editor, '{"read": true, "write": fals}')
    await press(page, button(page, '保存规则'))
    await page.locator('#rule-check').getByText('第 1 行').waitFor()
    await ui.editors(page)
    await type(page, editor, '{"read": true, "write": false}')
    await press(page, button(page, '保存规则'))
    await page.getByTestId('in-force').getByText('"write"').waitFor()
    await page.getByTestId('rule-version').filter({ hasText: '当前' }).getByText('"write"').waitFor()
  })
})
