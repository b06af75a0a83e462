// Never a dead end: what is off says why, to fingers and keyboards, with and without
// JavaScript; and from a refusal there is a way on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits, tabTo } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member } = ui

describe('reasons and ways on', () => {
  let server, browser, alice

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    await journey(browser, server, { storageState: alice }, async page => {
      await ui.openApp(page, mall)
      await ui.share(page, member, { [mall.test]: ['functions.view', 'settings.view'], [mall.prod]: ['functions.view'] })
    })
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  const borrowed = `/apps/${member.appid}/envs/${mall.test}`
  const topTab = (page, name) => page.getByRole('navigation', { name: '主导航' }).getByRole('button', { name, exact: true })
  const open = page => page.locator('[popover]:popover-open')

  /** Touches the middle of what is seen, as a finger does: whether it is off or not. */
  async function tap(page, element) {
    await element.scrollIntoViewIfNeeded()
    const { x, y, width, height } = await element.boundingBox()
    await page.touchscreen.tap(x + width / 2, y + height / 2)
  }

  /** Checks that the reason is inside the window, and that nothing moved for it. */
  async function inSight(page, before) {
    const { x, y, width, height } = await open(page).boundingBox()
    const window = page.viewportSize()
    assert.ok(x >= 0 && y >= 0 && x + width <= window.width && y + height <= window.height, `the reason is at ${x}, ${y}, ${width} × ${height}`)
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), before)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
  }

  for (const javaScriptEnabled of [true, false]) {
    for (const colorScheme of ['light', 'dark']) {
      const how = `${colorScheme}${javaScriptEnabled ? '' : ', without JavaScript'}`
      test(`a finger on a dimmed tab opens its reason (${how})`, () => {
        return journey(browser, server, { storageState: alice, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme, javaScriptEnabled }, async page => {
          await page.goto(`${borrowed}/functions`)
          const height = await page.evaluate(() => document.documentElement.scrollHeight)
          for (const [name, permission] of [['用户管理', '查看用户'], ['数据库', '查看数据库'], ['统计分析', '查看统计']]) {
            await tap(page, topTab(page, name))
            await open(page).getByText(`资源方没有授予「${permission}」`).waitFor()
            assert.match(await open(page).innerText(), /可请对方管理员在环境共享中勾选/)
            assert.equal(await open(page).count(), 1)
            await inSight(page, height)
          }
          await tap(page, page.getByRole('heading', { level: 1 }))
          await open(page).waitFor({ state: 'detached' })
          assert.equal(new URL(page.url()).pathname, `${borrowed}/functions`)

          await tap(page, page.getByTestId('function-row').first().getByRole('button', { name: '编辑代码' }))
          await open(page).getByText('只有资源方可以创建、修改或删除').or(open(page).getByText('操作云函数')).waitFor()
          await inSight(page, height)
          if (javaScriptEnabled) await accessible(page)
        })
      })
    }
  }

  test('the keyboard reaches each reason, and Escape closes it', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`${borrowed}/settings`)
    for (const off of [topTab(page, '数据库'), page.getByRole('navigation', { name: '设置' }).getByRole('button', { name: '危险操作' })]) {
      await tabTo(page, off)
      await open(page).waitFor()
      assert.equal(await off.getAttribute('aria-describedby'), await open(page).getAttribute('id'))
      await page.keyboard.press('Escape')
      await open(page).waitFor({ state: 'detached' })
      await page.keyboard.press('Enter')
      await open(page).waitFor()
      await page.keyboard.press('Tab')
      await page.waitForFunction(id => !document.getElementById(id).matches(':popover-open'), await off.getAttribute('popovertarget'))
    }
  }))

  test('without JavaScript, Enter opens a reason and Escape closes it', () => journey(browser, server, { storageState: alice, javaScriptEnabled: false }, async page => {
    await page.goto(`${borrowed}/functions`)
    const off = topTab(page, '存储')
    await tabTo(page, off)
    assert.equal(await open(page).count(), 0)
    await page.keyboard.press('Enter')
    await open(page).getByText('查看存储').waitFor()
    await page.keyboard.press('Escape')
    await open(page).waitFor({ state: 'detached' })
  }))

  test('wherever something can be off, its reason is closed until it is asked for', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto('/styleguide')
    assert.equal(await page.getByTestId('off-why').filter({ visible: true }).count(), 0)
    const all = await page.locator('main [data-off]').all()
    assert.ok(all.length > 4)
    for (const off of all) {
      await off.scrollIntoViewIfNeeded()
      const { x, y, width, height } = await off.boundingBox()
      await page.mouse.click(x + width / 2, y + height / 2)
      await open(page).waitFor()
      assert.equal(await open(page).getAttribute('id'), await off.getAttribute('popovertarget'))
      await page.keyboard.press('Escape') // it may float over the next one
      await open(page).waitFor({ state: 'detached' })
    }
  }))

  for (const javaScriptEnabled of [true, false]) {
    test(`a form keeps its ticks while it creates cloudbase_auth ${javaScriptEnabled ? '' : 'without JavaScript'}`, () => {
      return journey(browser, server, { storageState: alice, javaScriptEnabled }, async page => {
        await page.goto(`/apps/${mall.appid}`)
        await ui.shareAction(page, member, '编辑')
        await ui.tickOnly(page, mall.prod, ['database.read'])
        const note = page.locator('#share-form').getByLabel('备注')
        await note.fill('双十一')
        const card = ui.environmentCard(page, mall.prod)
        await card.getByRole('button', { name: '用模板创建 cloudbase_auth' }).click()
        await page.getByTestId('auth-created').getByText('所填内容都还在').waitFor()
        assert.equal(await card.getByTestId('auth-missing').count(), 0)
        assert.ok(await ui.permissionBox(page, mall.prod, 'database.read').isChecked())
        assert.ok(!await ui.permissionBox(page, mall.prod, 'functions.view').isChecked())
        assert.equal(await note.inputValue(), '双十一')
        if (javaScriptEnabled) {
          await accessible(page)
          await page.waitForFunction(() => document.activeElement.dataset.testid === 'auth-created')
        }
        await ui.submitShare(page, '保存', `给 ${member.name} 的共享已更新`)

        await page.goto(`${ui.functionPath(mall, mall.prod, 'cloudbase_auth')}/delete`)
        await page.getByRole('button', { name: '删除云函数' }).click()
        await ui.flash(page, '已删除云函数 cloudbase_auth')
      })
    })
  }

  test('from a refused run to the step that decided', () => journey(browser, server, { storageState: alice }, async page => {
    const { error } = await ui.run(page, member, member.env, 'callMall')
    assert.match(error, /-601018/)
    await page.getByTestId('run-why').click()
    await page.getByTestId('explain-verdict').getByText('这次调用会被拒绝').waitFor()
    assert.match(await page.getByTestId('explain-code').innerText(), /-601018/)
    const asked = new URL(page.url()).searchParams
    assert.deepEqual([asked.get('caller'), asked.get('env'), asked.get('operation'), asked.get('resource')], [member.appid, mall.test, 'functions.invoke', 'getProducts'])
  }))

  test('from a page that is refused to why', () => {
    return journey(browser, server, { storageState: alice, expected: /status of 403 .*\/database$/ }, async page => {
      await page.goto(`${borrowed}/database`)
      await fits(page, [360, 1440])
      await page.getByRole('link', { name: '为什么？' }).click()
      await page.getByTestId('explain-step').filter({ hasText: '授予了权限' }).getByText('请资源方').waitFor()
      assert.equal(new URL(page.url()).searchParams.get('plane'), 'console')
      await page.goto(borrowed)
      await page.getByTestId('last-refused').getByRole('link', { name: '查看原因' }).click()
      await page.getByTestId('denial-row').filter({ hasText: '查看数据库' }).waitFor()
    })
  })
})
