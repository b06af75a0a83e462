// The tour of the README in a real browser, with the genuine SDK inside the
// functions.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member, campaign, account, outside } = ui

describe('the tour', () => {
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

  const tour = (name, steps) => test(name, () => journey(browser, server, { storageState: alice }, steps))
  const asOwner = steps => journey(browser, server, { storageState: alice }, async page => {
    await ui.openApp(page, mall)
    await steps(page)
  })
  const callMall = page => ui.run(page, member, member.env, 'callMall')
  const refused = async (page, code, event) => {
    const { status, error } = await ui.run(page, member, member.env, 'callMall', event)
    assert.equal(status, '失败')
    assert.match(error, new RegExp(code))
    return error
  }

  test('S1: sharing is off until the app turns it on', () => journey(browser, server, {}, async page => {
    await ui.signIn(page, 'carol')
    await ui.openApp(page, outside)
    assert.equal(await ui.tab(page, '环境共享').count(), 0)
    await ui.enableSharing(page)
    await ui.tab(page, '环境共享').waitFor()
  }))

  tour('S2: each refusal of a borrower says which condition failed', async page => {
    await ui.openApp(page, mall)
    await ui.openShareForm(page)
    for (const [appid, words] of [
      ['wx00000000000000ff', '没有找到这个 AppID'],
      ['not-an-appid', 'AppID 由 wx 加 16 位小写十六进制字符组成'],
      [mall.appid, '不能共享给自己'],
      [outside.appid, '不属于同一主体'],
    ]) {
      const answer = await ui.lookUp(page, appid)
      await answer.getByText(words).waitFor()
      assert.equal(await answer.getByTestId('grantee').count(), 0)
      assert.equal(await page.getByRole('button', { name: '共享', exact: true }).getAttribute('aria-disabled'), 'true')
    }
    const answer = await ui.lookUp(page, account.appid)
    await answer.getByTestId('grantee').filter({ hasText: '公众号' }).filter({ hasText: '示例科技' }).waitFor()
  })

  tour('S5: operate ticks view, and presets tick what they say', async page => {
    await ui.openApp(page, mall)
    await ui.openShareForm(page)
    await ui.environmentCard(page, mall.test).locator('input[name=env]').check()
    const preset = name => ui.environmentCard(page, mall.test).getByRole('button', { name, exact: true })
    const ticked = () => ui.environmentCard(page, mall.test).locator('input[name^="perm."]:checked')
      .evaluateAll(boxes => boxes.map(box => box.value))
    assert.equal((await ticked()).length, 14)

    await preset('仅调用函数').click()
    assert.deepEqual(await ticked(), ['functions.invoke'])
    assert.equal(await preset('仅调用函数').getAttribute('aria-pressed'), 'true')
    await preset('只读').click()
    assert.deepEqual((await ticked()).sort(), [
      'database.read', 'database.view', 'functions.view', 'settings.view', 'statistics.view', 'storage.read', 'storage.view', 'users.view',
    ])

    await preset('仅调用函数').click()
    await ui.permissionBox(page, mall.test, 'functions.operate').check()
    assert.equal(await ui.permissionBox(page, mall.test, 'functions.view').isChecked(), true)
    await ui.permissionBox(page, mall.test, 'functions.view').uncheck()
    assert.equal(await ui.permissionBox(page, mall.test, 'functions.operate').isChecked(), false)
    const summary = ui.environmentCard(page, mall.test).getByTestId('summary')
    assert.match(await summary.innerText(), /将可以\s*在控制台：\s*无。\s*在代码里：\s*调用云函数\s*\n[^]*不能：\s*查看云函数/)
  })

  tour('the borrower calls the owner, and every change counts from the next call on', async owner => {
    await ui.openApp(owner, member)
    await refused(owner, '-601012')

    await ui.switchApp(owner, mall)
    await ui.share(owner, member, { [mall.test]: ['functions.invoke'] })
    await ui.switchApp(owner, member)
    const { status, returned } = await callMall(owner)
    assert.equal(status, '成功')
    assert.deepEqual(returned.context, { APPID: mall.appid, ENV: mall.test, FROM_APPID: member.appid, SOURCE: returned.context.SOURCE })
    assert.equal(returned.calledBy, member.appid)
    assert.deepEqual(returned.products.map(p => p.name), ['青瓷茶杯', '棉麻围巾'])

    const change = async step => {
      await ui.switchApp(owner, mall)
      await step()
      await ui.switchApp(owner, member)
    }
    await change(() => ui.pauseShare(owner, member))
    await refused(owner, '-601012')
    await change(() => ui.resumeShare(owner, member))
    assert.equal((await callMall(owner)).status, '成功')

    await change(() => ui.editShare(owner, member, { [mall.test]: ['functions.view'] }))
    assert.match(await refused(owner, '-601018'), /调用云函数/)
    await change(() => ui.editShare(owner, member, { [mall.test]: ['functions.invoke'] }))
    assert.equal((await callMall(owner)).status, '成功')

    await change(() => ui.removeShare(owner, member))
    await refused(owner, '-601012')
  })

  tour('S15: before removing, the owner sees who used the share', async page => {
    await ui.openApp(page, mall)
    await ui.share(page, member, { [mall.test]: ['functions.invoke'] })
    assert.equal((await callMall(page)).status, '成功')
    await ui.switchApp(page, mall)
    await ui.shareAction(page, member, '解除共享')
    const impact = page.getByTestId('impact')
    await impact.waitFor()
    assert.doesNotMatch(await impact.innerText(), /从未/)
    await page.getByRole('link', { name: '取消' }).click()
    await ui.removeShare(page, member)
  })

  tour('S3: a borrowed environment cannot be lent on', async page => {
    await ui.openApp(page, mall)
    await ui.share(page, member, { [mall.test]: ['functions.invoke'] })

    await ui.switchApp(page, member)
    await ui.enableSharing(page)
    await ui.openShareForm(page)
    await (await ui.lookUp(page, account.appid)).getByTestId('grantee').waitFor()
    const offered = await page.locator('input[name=env]').evaluateAll(boxes => boxes.map(box => box.value))
    assert.deepEqual(offered, [member.env])

    const forged = await ui.post(page, `/apps/${member.appid}/shares`, {
      to: account.appid, env: mall.test, [`perm.${mall.test}`]: 'functions.invoke',
    })
    assert.equal(forged.status(), 422)
    assert.ok((await forged.text()).includes(`只能共享本应用自有的环境，${mall.test} 不是`))
    await page.goto(`/apps/${member.appid}/shares`)
    await page.getByText('还没有共享出去的环境').waitFor()
  })

  tour('S10: cloudbase_auth of a borrowed environment is the owner’s alone', async page => {
    await ui.openApp(page, mall)
    await ui.editShare(page, member, { [mall.test]: ['functions.view', 'functions.operate', 'functions.invoke'] })

    await page.goto(`/apps/${member.appid}/envs/${mall.test}/functions`)
    await page.getByTestId('borrowed-strip').getByText(`由 ${mall.name} 共享`).waitFor()
    await page.goto(`${ui.functionPath(member, mall.test, 'cloudbase_auth')}/configure`)
    await page.getByText('只有资源方可以创建、修改或删除').first().waitFor()
    assert.equal(await page.getByRole('button', { name: '保存配置' }).getAttribute('aria-disabled'), 'true')

    const send = (name, form) => ui.post(page, ui.functionPath(member, mall.test, name), form)
    const configuration = { timeout: '20', memory: '256', concurrency: '1', variables: '' }
    for (const [action, form] of [['configure', configuration], ['rollback', { version: '1' }], ['delete', {}]]) {
      const answer = await send(`cloudbase_auth/${action}`, form)
      assert.equal(answer.status(), 403, action)
      assert.ok((await answer.text()).includes('只有资源方可以创建、修改或删除'), `${action} says why`)
    }
    assert.equal((await send('getProducts/configure', configuration)).status(), 303, 'the others may be changed')
  })

  tour('an environment without cloudbase_auth is flagged, refused at the call, and mended from the template', async page => {
    await ui.openApp(page, mall)
    await ui.shareAction(page, member, '编辑')
    await ui.tickOnly(page, mall.prod, ['functions.invoke'])
    const flag = ui.environmentCard(page, mall.prod).getByTestId('auth-missing')
    await flag.waitFor()
    assert.equal(await ui.environmentCard(page, mall.test).getByTestId('auth-missing').count(), 0)
    await ui.submitShare(page, '保存', `给 ${member.name} 的共享已更新`)
    assert.match(await refused(page, '-601022', { resourceEnv: mall.prod }), /cloudbase_auth/)

    await ui.switchApp(page, mall)
    await ui.shareAction(page, member, '编辑')
    await flag.getByRole('button', { name: '用模板创建 cloudbase_auth' }).click()
    await page.getByTestId('auth-created').waitFor()

    const { status, returned } = await ui.run(page, member, member.env, 'callMall', { resourceEnv: mall.prod })
    assert.equal(status, '成功')
    assert.equal(returned.context.ENV, mall.prod)
  })

  test('S11: an app that never activated works through a share, and only through it', () => {
    const expected = new RegExp(`status of 403 .*/apps/${campaign.appid}$`)
    return journey(browser, server, { storageState: bob, expected }, async page => {
      const row = page.getByTestId('app-row').filter({ hasText: campaign.appid })
      await page.goto('/apps')
      await row.getByText('未开通云开发').filter({ visible: true }).waitFor()
      await page.goto(`/apps/${campaign.appid}`)
      await page.getByTestId('no-entry').getByText(`${campaign.name} 还没有控制台入口`).waitFor()

      await asOwner(owner => ui.share(owner, campaign, { [mall.test]: ['functions.view', 'functions.invoke'] }))
      await ui.openApp(page, campaign)
      await page.getByTestId('environment-switcher').filter({ hasText: `借用 · ${mall.name}` }).waitFor()
      await page.getByTestId('borrowed-strip').getByText('查看云函数').waitFor()
      await ui.tab(page, '环境共享').waitFor()
      const { returned } = await ui.run(page, campaign, mall.test, 'getProducts')
      assert.equal(returned.products.length, 2)

      await asOwner(owner => ui.removeShare(owner, campaign))
      await page.goto('/apps')
      await row.getByText('未开通云开发').filter({ visible: true }).waitFor()
      const gone = await page.request.get(`/apps/${campaign.appid}/envs/${mall.test}/functions`)
      assert.equal(gone.status(), 403)
      assert.ok((await gone.text()).includes('还没有控制台入口'))
    })
  })

  tour('the interface in English and in the dark', async page => {
    await ui.openApp(page, mall)
    await page.getByRole('button', { name: 'EN', exact: true }).click()
    await page.locator('html[lang=en]').waitFor()
    await page.getByRole('link', { name: 'Functions', exact: true }).waitFor()
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await ground()
    await page.locator('header form[data-theme-form] button').first().click()
    await page.locator('html[data-theme=dark]').waitFor()
    assert.notEqual(await ground(), light)
    await page.reload()
    await page.locator('html[lang=en][data-theme=dark]').waitFor()
    await page.getByRole('button', { name: '中文', exact: true }).click()
    await page.locator('html[lang=zh-CN]').waitFor()
  })
})
