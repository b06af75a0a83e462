// Cloud functions, from the template to the log: in the code editor, without
// JavaScript, and as a borrower whose share ends.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits, tabTo } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member } = ui
const widths = [360, 768, 1440]

describe('functions', () => {
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

  const list = `/apps/${mall.appid}/envs/${mall.test}/functions`
  const editor = page => page.getByRole('textbox', { name: /的内容$/ })
  const text = page => page.locator('textarea[name=content]').evaluate(area => area.value)

  async function create(page, name, template) {
    await page.goto(`${list}/new`)
    await page.getByLabel('函数名').fill(name)
    await page.getByLabel(template).check()
    await page.getByRole('button', { name: '创建' }).click()
    await ui.flash(page, `已创建`)
  }

  /** Replaces what the editor holds, with the keyboard alone. */
  async function write(page, code) {
    await ui.editors(page)
    await editor(page).click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText(code)
  }

  test('the editor: several files become one version, which is compared and rolled back', () => journey(browser, server, { storageState: alice }, async page => {
    await create(page, 'sums', '空函数')
    await page.getByRole('link', { name: '代码', exact: true }).click()
    await page.getByRole('link', { name: '新建文件' }).click()
    await page.getByRole('textbox', { name: '路径' }).fill('lib/sum.js')
    await page.getByRole('button', { name: '添加' }).click()
    await ui.editor(page, 'lib/sum.js 的内容')
    await write(page, 'exports.sum = (a, b) => a + b // 求和')

    // Opening another file saves this one.
    await page.getByTestId('file-tree').getByText('index.js').click()
    await page.waitForURL(/file=index.js$/)
    await ui.editors(page)
    await write(page, "const { sum } = require('./lib/sum')\nexports.main = async event => sum(event.a, event.b)")
    await page.keyboard.press('Control+s')
    await ui.flash(page, 'index.js 已保存到工作副本')
    await page.getByTestId('draft-changed').getByText('已修改 2 个文件').waitFor()
    await accessible(page)
    await fits(page, widths)

    await page.getByRole('link', { name: '检查并部署' }).click()
    await page.getByTestId('diff-file').filter({ hasText: 'lib/sum.js' }).getByText('求和').waitFor()
    await page.getByLabel('说明').fill('求和')
    await page.getByRole('button', { name: '部署为新版本' }).click()
    await ui.flash(page, 'v2')
    assert.equal((await ui.run(page, mall, mall.test, 'sums', { a: 2, b: 3 })).returned, 5)

    await page.getByRole('link', { name: '版本', exact: true }).click()
    await page.getByTestId('version-row').filter({ hasText: 'v2' }).getByRole('link', { name: '查看改动' }).click()
    await page.getByTestId('diff-file').nth(1).waitFor()
    assert.equal(await page.getByTestId('diff-file').count(), 2)
    await page.goBack()
    await page.getByTestId('version-row').filter({ hasText: 'v1' }).getByRole('link', { name: '回滚到此版本' }).click()
    const dialog = page.locator('dialog[open]')
    await dialog.getByTestId('changed-file').filter({ hasText: 'lib/sum.js' }).waitFor()
    await accessible(page)
    await dialog.getByRole('button', { name: '回滚到此版本' }).click()
    await ui.flash(page, 'v1')
  }))

  test('the editor with the keyboard: Tab indents, Esc and Tab leave, the search speaks Chinese', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`${list}/hello/code`)
    await ui.editors(page)
    const before = await text(page)
    const inside = () => editor(page).evaluate(e => e.getRootNode().activeElement === e)
    await editor(page).focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Tab')
    assert.equal(await text(page), `  ${before}`)
    assert.ok(await inside(), 'Tab stays')
    await page.keyboard.press('Control+z')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    assert.ok(!await inside(), 'Esc and Tab leave')
    assert.equal(await text(page), before)

    await editor(page).focus()
    await page.keyboard.press('Control+f')
    await page.getByRole('textbox', { name: '查找' }).fill('cloud')
    await page.getByRole('button', { name: '下一个' }).waitFor()
    await accessible(page)
    assert.ok(await page.locator('.cm-lineNumbers .cm-gutterElement').count() > 5, 'lines are numbered')
  }))

  test('without JavaScript the same forms do', () => journey(browser, server, { storageState: alice, javaScriptEnabled: false }, async page => {
    await create(page, 'plain', '空函数')
    await page.goto(`${list}/plain/files/new`)
    await page.getByLabel('路径').fill('a.js')
    await page.getByRole('button', { name: '添加' }).click()
    await page.getByLabel('a.js 的内容').fill("module.exports = '甲'")
    await page.getByRole('button', { name: '保存', exact: true }).click()
    await page.getByTestId('file-tree').getByText('index.js').click()
    await page.getByLabel('index.js 的内容').fill("exports.main = async () => require('./a.js') + process.env.WORD")
    await page.getByRole('button', { name: '保存并部署…' }).click()
    await page.getByRole('button', { name: '部署为新版本' }).click()
    await ui.flash(page, 'v2')
    await page.getByRole('link', { name: '配置', exact: true }).click()
    await page.getByLabel('变量名 1').fill('WORD')
    await page.getByLabel('值 1').fill('乙')
    await page.getByRole('button', { name: '保存配置' }).click()
    await ui.flash(page, '配置')
    assert.equal((await ui.run(page, mall, mall.test, 'plain')).returned, '甲乙')
    await page.getByRole('link', { name: '日志', exact: true }).click()
    await page.getByTestId('invocation-row').waitFor()
    await page.getByRole('link', { name: '刷新' }).click()
    await page.getByTestId('invocation-row').waitFor()
  }))

  test('the database sample works as it is', () => journey(browser, server, { storageState: alice }, async page => {
    await create(page, 'todos', '数据库示例')
    await ui.run(page, mall, mall.test, 'todos', { action: 'add', text: '牛奶' })
    const { returned } = await ui.run(page, mall, mall.test, 'todos', { action: 'list' })
    assert.deepEqual(returned.data.map(t => [t.text, t.done]), [['牛奶', false]])
  }))

  test('variables are rows: added, pasted, removed', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`${list}/hello/configure`)
    await page.getByLabel('变量名 1').fill('ONE')
    await page.getByLabel('值 1').fill('1')
    await page.getByRole('button', { name: '添加变量' }).click()
    await page.evaluate(() => {
      const data = new DataTransfer()
      data.setData('text', 'TWO=2\nTHREE=a=b\n')
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await page.getByTestId('variable-row').first().getByRole('button', { name: '删除这个变量' }).click()
    await page.getByRole('button', { name: '保存配置' }).click()
    await ui.flash(page, '配置')
    const names = await page.locator('input[name=variable_name]').evaluateAll(list => list.map(e => e.value).filter(Boolean))
    const values = await page.locator('textarea[name=variable_value]').evaluateAll(list => list.map(e => e.value).filter(Boolean))
    assert.deepEqual([names, values], [['THREE', 'TWO'], ['a=b', '2']])
  }))

  test('events are kept, chosen and deleted', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`${list}/createOrder`)
    await ui.editors(page)
    await page.getByLabel('参数 event（JSON）').fill('{"productId": "p9"}')
    await page.getByLabel('保存为').fill('九号')
    await page.getByRole('button', { name: '保存参数' }).click()
    await ui.flash(page, '九号 已保存')
    await page.goto(`${list}/createOrder`)
    await page.getByLabel('保存的测试参数').selectOption('九号')
    await page.waitForURL(/event=/)
    await ui.editors(page)
    const { returned } = await ui.pressRun(page)
    assert.equal(returned.productId, 'p9')
    await page.getByRole('button', { name: '删除 九号' }).click()
    await ui.flash(page, '测试参数已删除')
    assert.equal(await page.getByLabel('保存的测试参数').count(), 0)
  }))

  test('the log follows, pauses, and ends with the share', () => {
    const expected = /status of (403|404) /
    return journey(browser, server, { storageState: alice, expected }, async page => {
      await ui.openApp(page, member)
      await ui.enableSharing(page)
      await ui.openApp(page, mall)
      await ui.share(page, member, { [mall.test]: ['functions.view', 'functions.invoke'] })
      const borrowed = await page.context().newPage()
      await borrowed.goto(`/apps/${member.appid}/envs/${mall.test}/functions/getProducts/logs`)
      const rows = borrowed.getByTestId('invocation-row')
      const count = await rows.count()
      const ran = ui.run(page, mall, mall.test, 'getProducts')
      await borrowed.waitForFunction(n => document.querySelectorAll('[data-testid=invocation-row]').length > n, count)
      await ran

      await borrowed.getByRole('link', { name: '暂停' }).click()
      await borrowed.getByText('已暂停更新').waitFor()
      assert.equal(await borrowed.locator('[hx-get*="since"]').count(), 0, 'nothing is asked for')
      await borrowed.getByRole('link', { name: '继续' }).click()
      await borrowed.getByText('实时更新中').waitFor()

      await ui.openApp(page, mall)
      await ui.removeShare(page, member)
      await borrowed.locator('#logs').waitFor({ state: 'detached' })
      await borrowed.getByTestId('error-message').waitFor()
    })
  })

  test('a missing cloudbase_auth is created with one click, and the borrower sees why not', () => {
    return journey(browser, server, { storageState: alice }, async page => {
      await ui.openApp(page, mall)
      await ui.share(page, member, { [mall.prod]: ['functions.view'] })
      const borrowed = `/apps/${member.appid}/envs/${mall.prod}/functions`
      await page.goto(borrowed)
      await page.getByTestId('auth-missing').getByTestId('auth-why-not').waitFor()
      await accessible(page)
      await page.goto(`/apps/${mall.appid}/envs/${mall.prod}/functions`)
      await tabTo(page, page.getByRole('button', { name: '用模板创建 cloudbase_auth' }))
      await page.keyboard.press('Enter')
      await ui.flash(page, 'cloudbase_auth')
      await page.goto(borrowed)
      assert.equal(await page.getByTestId('auth-missing').count(), 0)
    })
  })
})
