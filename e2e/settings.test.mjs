// Settings as people use them: names, members and invitations, and the end of an
// environment, with what the people notice who have it open.
import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member, campaign } = ui
const widths = [360, 768, 1440]
const newcomer = { username: 'xiaolin', password: 'a-long-password' }

/** Opens a section of 设置 of the environment that is open. */
async function section(page, name) {
  await ui.tab(page, '设置').click()
  await page.getByRole('navigation', { name: '设置' }).getByRole('link', { name }).click()
  await page.getByRole('navigation', { name: '设置' }).getByRole('link', { name }).and(page.locator('[aria-current=page]')).waitFor()
}

/** 设置 → 成员管理 → 邀请成员; returns the link. */
async function invite(page, role) {
  await section(page, '成员管理')
  await page.getByRole('link', { name: '邀请成员' }).click()
  await page.getByRole('radio', { name: role }).check()
  await page.getByRole('radio', { name: '1 天' }).check()
  await page.getByRole('button', { name: '生成链接' }).click()
  const link = await page.getByTestId('invitation-link').getByRole('textbox').inputValue()
  await page.getByRole('link', { name: '完成' }).click()
  await page.getByTestId('invitation-row').first().getByText('待接受').waitFor()
  return link
}

const memberRow = (page, name) => page.getByTestId('member-row').filter({ hasText: name })

/** 设置 → 危险操作 → 删除环境, with its id typed. */
async function deleteEnvironment(page, env) {
  await section(page, '危险操作')
  await page.getByRole('link', { name: '删除环境' }).click()
  await page.getByLabel(`输入环境 ID ${env} 以确认`).fill(env)
  await page.getByRole('button', { name: '删除环境' }).click()
}

describe('settings', () => {
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

  /** Runs a journey with and without JavaScript. */
  function both(name, options, steps) {
    for (const javaScriptEnabled of [true, false]) {
      test(`${name}${javaScriptEnabled ? '' : ', without JavaScript'}`, () => journey(browser, server, { ...options(), javaScriptEnabled }, page => steps(page, javaScriptEnabled)))
    }
  }

  both('an environment gets another name, which everybody sees', () => ({ storageState: alice }), async (page, script) => {
    const name = script ? '预发环境' : '测试环境'
    await ui.openApp(page, mall)
    await ui.tab(page, '设置').click()
    await page.getByRole('link', { name: '改名' }).click()
    await page.getByRole('textbox', { name: '环境名称' }).fill(name)
    await page.getByRole('button', { name: '保存' }).click()
    await ui.flash(page, `环境已改名为「${name}」`)
    await page.getByTestId('environment-switcher').filter({ hasText: name }).waitFor()
  })

  both('somebody without account is invited, joins, gets another role, and goes', () => ({ storageState: alice }), async (page, script) => {
    const username = newcomer.username + (script ? '' : '2')
    await ui.openApp(page, mall)
    const link = await invite(page, '访客')

    const expected = new RegExp(`status of 404 .*(/invitations/|/apps/${mall.appid})`)
    await journey(browser, server, { javaScriptEnabled: script, expected }, async guest => {
      await guest.goto(link)
      await guest.getByTestId('invitation').getByText('alice').waitFor()
      if (script) {
        await fits(guest, widths)
        await accessible(guest)
      }
      await guest.getByLabel('用户名').fill(username)
      await guest.getByLabel('密码', { exact: true }).fill(newcomer.password)
      await guest.getByLabel('再次输入密码').fill(newcomer.password)
      await guest.getByRole('button', { name: '创建账号并加入' }).click()
      await ui.flash(guest, `您已加入 ${mall.name}`)
      await section(guest, '成员管理')
      await memberRow(guest, username).getByText('访客').waitFor()
      assert.equal(await guest.getByRole('link', { name: '邀请成员' }).count(), 0)

      await page.reload()
      await memberRow(page, username).getByRole('link', { name: '修改角色' }).click()
      await page.getByRole('radio', { name: '开发者' }).check()
      await page.getByRole('button', { name: '保存' }).click()
      await ui.flash(page, '角色已修改')
      await guest.goto(`/apps/${mall.appid}/envs/${mall.test}/functions/new`)
      await guest.getByRole('heading', { name: '新建云函数' }).waitFor()

      await memberRow(page, username).getByRole('link', { name: '移除' }).click()
      await page.getByRole('button', { name: '移除' }).click()
      await ui.flash(page, '成员已移除')
      await guest.goto(`/apps/${mall.appid}`)
      await guest.getByTestId('error-page').waitFor()

      await guest.goto(link)
      await guest.getByText('这个邀请链接已被使用').waitFor()
    })
  })

  test('the end of an environment: the next click explains, calls are refused, and it comes back without its shares', () => {
    const expected = /status of (403|404|422) /
    return journey(browser, server, { storageState: alice, expected }, async page => {
      await ui.openApp(page, mall)
      await ui.share(page, campaign, { [mall.prod]: ['functions.view', 'functions.operate', 'functions.invoke'] })
      await journey(browser, server, { storageState: bob, expected }, async borrower => {
        await ui.openApp(borrower, campaign)
        await ui.tab(borrower, '云函数').click()
        await borrower.getByRole('link', { name: '新建云函数' }).first().waitFor()

        await page.goto(`/apps/${mall.appid}/envs/${mall.prod}`)
        await section(page, '危险操作')
        await page.getByRole('link', { name: '删除环境' }).click()
        const ending = page.getByTestId('ending-shares').getByRole('listitem').filter({ hasText: campaign.name })
        await ending.getByText('共享随之结束').waitFor()
        await page.getByLabel(`输入环境 ID ${mall.prod} 以确认`).fill('mall')
        const refused = page.waitForResponse(r => r.request().method() === 'POST' && r.status() === 422)
        await page.getByRole('button', { name: '删除环境' }).click()
        await refused
        await page.getByText(`请输入完整的环境 ID：${mall.prod}`).waitFor()
        await page.getByLabel(`输入环境 ID ${mall.prod} 以确认`).fill(mall.prod)
        await page.getByRole('button', { name: '删除环境' }).click()
        await ui.flash(page, `环境 ${mall.prod} 已删除`)

        await borrower.getByRole('link', { name: '新建云函数' }).first().click() // opens a dialog, where there is something
        await borrower.getByTestId('no-entry').getByText(`${campaign.name} 还没有控制台入口`).waitFor()
      })

      await page.goto(`/apps/${mall.appid}/envs/${mall.prod}/functions`)
      await page.getByText(`环境 ${mall.prod} 已被删除`).waitFor()
      await page.getByTestId('environment-switcher').click()
      await page.locator('header .menu-panel').getByRole('link', { name: '切换环境' }).click()
      const kept = page.getByTestId('deleted-environment').filter({ hasText: mall.prod })
      await kept.getByRole('link', { name: '恢复' }).click()
      await page.getByText('删除时结束的共享不会恢复').waitFor()
      await page.getByRole('button', { name: '恢复' }).click()
      await ui.flash(page, `环境 ${mall.prod} 已恢复`)
      await ui.tab(page, '云函数').click()
      await page.getByRole('link', { name: 'getProducts' }).first().waitFor()
      await ui.tab(page, '环境共享').click()
      assert.equal(await ui.shareRow(page, campaign).count(), 0)
    })
  })

  test('S11: a borrower makes an environment of its own, loses what it borrowed, deletes its own, and restores it', () => {
    const expected = /status of 403 /
    return journey(browser, server, { storageState: alice, expected }, async owner => {
      await ui.openApp(owner, mall)
      await ui.share(owner, campaign, { [mall.test]: ['functions.view'] })
      await journey(browser, server, { storageState: bob, expected, javaScriptEnabled: false }, async page => {
        await ui.openApp(page, campaign)
        await page.getByTestId('environment-switcher').click()
        await page.locator('header .menu-panel').getByRole('link', { name: '切换环境' }).click()
        await page.getByTestId('borrowed-environment').getByText(`借用 · ${mall.name}`).waitFor()
        await page.getByRole('link', { name: '创建环境' }).click()
        await page.getByLabel('环境名称').fill('活动环境')
        await page.getByLabel('环境 ID 前缀').fill('event')
        await page.getByRole('button', { name: '创建', exact: true }).click()
        await ui.flash(page, '已创建环境 event-')
        const own = new URL(page.url()).pathname.split('/').pop()

        await ui.removeShare(owner, campaign)
        await page.reload()
        await page.getByTestId('environment-switcher').filter({ hasText: own }).waitFor()

        await deleteEnvironment(page, own)
        await ui.flash(page, `环境 ${own} 已删除`)
        await page.goto(`/apps/${campaign.appid}`)
        const kept = page.getByTestId('no-entry').getByTestId('deleted-environment').filter({ hasText: own })
        await kept.getByRole('link', { name: '恢复' }).click()
        await page.getByRole('button', { name: '恢复' }).click()
        await ui.flash(page, `环境 ${own} 已恢复`)
        await page.getByTestId('environment-switcher').filter({ hasText: own }).waitFor()
      })
    })
  })

  test('a borrowed environment says why its settings are closed', () => journey(browser, server, { storageState: alice }, async page => {
    await ui.openApp(page, mall)
    await ui.share(page, member, { [mall.test]: ['functions.view', 'settings.view'] })
    await page.goto(`/apps/${member.appid}/envs/${mall.test}/settings`)
    const side = page.getByRole('navigation', { name: '设置' })
    for (const name of ['权限设置', '危险操作']) {
      const { x, y, width, height } = await side.getByRole('button', { name, exact: true }).boundingBox()
      assert.equal(await side.getByRole('link', { name }).count(), 0)
      await page.mouse.click(x + width / 2, y + height / 2)
      await side.locator(':popover-open').getByText('只有资源方可以更改').waitFor()
    }
    await page.getByTestId('borrowed-strip').getByText(mall.name).waitFor()
    await ui.switchApp(page, mall)
    await ui.removeShare(page, member)
  }))
})

describe('what is not kept', () => {
  test('is gone from the disk, and its id is free', async () => {
    const server = await startServer({ demo: true, env: { ENVSHARE_ENVIRONMENT_GRACE: '0s' } })
    const browser = await launch()
    try {
      const blobs = async () => (await readdir(path.join(server.dir, 'data', 'files'), { recursive: true, withFileTypes: true })).filter(e => e.isFile()).length
      assert.notEqual(await blobs(), 0, 'the demo has files')
      const storageState = await session(browser, server, 'alice')
      await journey(browser, server, { storageState, expected: /status of 404 / }, async page => {
        await page.goto(`/apps/${mall.appid}/envs/${mall.test}`)
        await deleteEnvironment(page, mall.test)
        await ui.flash(page, `环境 ${mall.test} 已删除`)
        const limit = Date.now() + 30_000
        while (await blobs() > 0) {
          assert.ok(Date.now() < limit, 'files are still there')
          await new Promise(resolve => setTimeout(resolve, 50))
        }
      })
      const file = path.join(server.dir, 'again.yaml')
      await writeFile(file, JSON.stringify({ apps: [{ appid: mall.appid, name: mall.name, principal: 'acme', environments: [{ id: mall.test }] }] }))
      const { stdout } = await server.run('apply', '-f', file)
      assert.match(stdout, /\+ environment test-f96b31/)
    } finally {
      await browser.close()
      await server.stop()
    }
  })
})
