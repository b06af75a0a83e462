// Why a call is refused: from the record of refusals to the step that decided, and
// to the place where it can be changed; for the owner and for the borrower.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member, campaign } = ui

describe('why', () => {
  let server, browser, alice, bob

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    bob = await session(browser, server, 'bob')
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  const step = (page, title) => page.getByTestId('explain-step').filter({ has: page.getByRole('heading', { name: title, exact: true }) })
  const status = (page, title) => step(page, title).getAttribute('data-status')
  const verdict = page => page.getByTestId('explain-verdict')
  const denial = (page, text) => page.getByTestId('denial-row').filter({ hasText: text })

  for (const javaScriptEnabled of [true, false]) {
    const grantee = member
    test(`a refused call leads to the grant that lacks the permission ${javaScriptEnabled ? '' : 'without JavaScript'}`, () =>
      journey(browser, server, { storageState: alice, javaScriptEnabled }, async page => {
        const callMall = () => ui.run(page, member, member.env, 'callMall')
        await page.goto(`/apps/${mall.appid}`)
        if (javaScriptEnabled) await ui.share(page, grantee, { [mall.test]: ['functions.view'] })
        else await ui.editShare(page, grantee, { [mall.test]: ['functions.view'] })
        assert.match((await callMall()).error, /-601018/)

        await page.goto(`/apps/${mall.appid}/shares`)
        await page.getByRole('link', { name: '拒绝记录' }).click()
        const row = denial(page, '-601018').filter({ hasText: member.name })
        assert.match(await row.innerText(), /getProducts[\s\S]*没有授予环境 test-f96b31 的权限「调用云函数」/)
        assert.match(await row.innerText(), /请资源方（环境所属应用）的管理员处理/)
        await row.getByTestId('why').click()

        await verdict(page).getByText('这次调用会被拒绝').waitFor()
        assert.match(await page.getByTestId('explain-code').innerText(), /-601018/)
        for (const title of ['环境存在', '共享有效', 'cloudbase_auth 已部署', 'cloudbase_auth 放行']) assert.equal(await status(page, title), 'ok', title)
        assert.equal(await status(page, '授予了权限'), 'failed')
        assert.equal(await status(page, '云函数已部署'), 'not_reached')
        const asked = page.url()
        await step(page, '授予了权限').getByTestId('explain-fix-link').click()
        await page.getByRole('heading', { name: '编辑共享' }).waitFor()
        await ui.tickOnly(page, mall.test, ['functions.view', 'functions.invoke'])
        await ui.submitShare(page, '保存', `给 ${member.name} 的共享已更新`)

        await page.goto(asked)
        await verdict(page).getByText('这次调用会被允许').waitFor()
        assert.equal((await callMall()).status, '成功')
      }))
  }

  test('the owner sees which part of a rule decides, and may suppose another person', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(`/apps/${mall.appid}/explain`)
    await page.getByRole('link', { name: '小程序 / 网页客户端' }).click()
    const form = page.locator('main form')
    await form.getByLabel('操作').selectOption({ label: '读取记录（get、count）' })
    await form.getByLabel('云函数、集合或文件路径').fill('offers')
    await form.getByLabel('来源方应用').fill(ui.account.appid)
    await form.getByLabel('用户', { exact: true }).selectOption({ label: '已登录（假设 cloudbase_auth 放行）' })
    await form.getByText('更多条件').click()
    await form.getByLabel('auth.custom').fill('{"level":"silver"}')
    await page.getByRole('button', { name: '查看判断过程' }).click()
    await verdict(page).getByText('这次调用会被拒绝').waitFor()
    assert.match(await page.getByTestId('explain-part').innerText(), /level/)
    assert.equal(await status(page, '安全规则'), 'failed')
    await page.getByLabel('auth.custom').fill('{"level":"gold"}')
    await page.getByRole('button', { name: '查看判断过程' }).click()
    await verdict(page).getByText('就能知道的部分而言，这次调用会被允许').waitFor()
    assert.equal(await status(page, '安全规则'), 'ok')

    await page.getByLabel('用户', { exact: true }).selectOption({ label: '未登录' })
    await page.getByLabel('云函数、集合或文件路径').fill('notice')
    await page.getByRole('button', { name: '查看判断过程' }).click()
    await verdict(page).getByText('这次调用会被允许', { exact: true }).waitFor()
    assert.equal(await status(page, '允许未登录访问'), 'ok')
  }))

  test('a borrower sees what it may know, and asks about itself alone', () => journey(browser, server, { storageState: bob, expected: /status of 422 / }, async page => {
    await page.goto(`/apps/${member.appid}/denials?tab=with-me`)
    await denial(page, '-601018').getByTestId('why').click()
    await page.getByTestId('explain-borrower').waitFor()
    assert.equal(await page.getByTestId('explain-rule').count(), 0)
    assert.equal(await page.getByTestId('explain-fix-link').count(), 0, 'it is allowed by now')

    const ask = async query => {
      await page.goto(`/apps/${member.appid}/explain?ask=1&plane=server&operation=database.read&resource=offers&${query}`)
      return page.locator('main').innerText()
    }
    const steps = text => text.replaceAll('mall-prod', 'ENV').replaceAll('no-such-env', 'ENV')
    const notLent = await ask(`caller=${member.appid}&env=mall-prod`)
    assert.match(notLent, /-601012/)
    assert.equal(steps(notLent), steps(await ask(`caller=${member.appid}&env=no-such-env`)), 'nobody learns which environments exist')
    assert.match(await ask(`caller=${campaign.appid}&env=${mall.test}`), /只能询问自己应用的环境/)
  }))

  test('what a borrower was refused in the console is on record for the owner', () => journey(browser, server, { storageState: alice, expected: /status of 403 / }, async page => {
    await page.goto(`/apps/${member.appid}/envs/${mall.test}/database`)
    await page.goto(`/apps/${mall.appid}/denials?code=forbidden`)
    assert.match(await denial(page, '查看数据库').innerText(), /控制台/)
    await denial(page, '查看数据库').getByTestId('why').click()
    assert.equal(await status(page, '授予了权限'), 'failed')
    assert.equal(await status(page, '成员角色'), 'not_reached')
  }))

  test('operators find all parts in the guide, others do not', async () => {
    await journey(browser, server, { storageState: alice }, async page => {
      await page.goto('/styleguide')
      assert.ok(await page.getByTestId('style-part').count() >= 12)
      await page.getByRole('link', { name: 'DialogPage' }).click()
      await page.locator('dialog[open]').getByLabel('来源方').waitFor()
    })
    await journey(browser, server, { storageState: bob, expected: /status of 403 / }, async page => {
      assert.equal((await page.goto('/styleguide')).status(), 403)
    })
  })
})
