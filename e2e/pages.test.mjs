// Every page in both languages and themes, at the width of a phone, a tablet and
// a desk.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { accessible, fits, tabTo } from './lib/page_checks.mjs'
import { startServer } from './lib/server.mjs'
import * as web from './lib/web.mjs'

const { mall, member, campaign, account } = ui
const widths = [360, 768, 1440]
const long = `${'folder'.repeat(10)}/${'文件夹'.repeat(15)}/${'name'.repeat(25)}.txt`
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p9f5XwAAAABJRU5ErkJggg==', 'base64')

// Pages that say no answer with a status that Chromium logs; pictures come from the gateway.
const expected = /status of (403|404|422) |elsewhere: \S+\/files\/d\//

/** Addresses of all pages, some of them with ids that only the console knows. */
async function allPages(page) {
  const app = `/apps/${mall.appid}`
  const env = `${app}/envs/${mall.test}`
  const borrowed = `/apps/${member.appid}/envs/${mall.test}`
  const run = ui.functionPath(mall, mall.test, 'createOrder')

  await page.goto(`${app}/shares`)
  const share = (await ui.shareRow(page, member).locator('a[href$="/edit"]').getAttribute('href')).replace(/\/edit$/, '')
  await page.goto(`/apps/${member.appid}/shares?tab=with-me`)
  const leave = await page.getByTestId('incoming-row').locator('a[href$="/leave"]').getAttribute('href')
  await page.goto(`${run}/logs`)
  const invocation = await page.getByTestId('invocation-row').first().getByRole('link').first().getAttribute('href')

  await page.goto(`${env}/database`)
  const collection = await page.getByTestId('collection-row').first().getByRole('link').first().getAttribute('href')

  const settings = await settingsPages(page, app, env)
  await page.goto(run)
  const event = await page.getByLabel('保存的测试参数').locator('option', { hasText: '正常下单' }).getAttribute('value')
  await page.goto(`${env}/users`)
  const visitor = await page.getByTestId('visitor-row').first().getByRole('link').getAttribute('href')
  await page.goto(`${app}/audit?group=sharing`)
  const auditEvent = await page.getByTestId('audit-row').first().getByRole('link').getAttribute('href')
  await page.goto('/operator/users')
  const user = await page.getByTestId('user-row').filter({ hasText: 'bob' }).getByRole('link').getAttribute('href')

  return {
    'audit log': `${app}/audit`,
    'audit log, nothing found': `${app}/audit?subject=nothing`,
    'audit log, refused': `${app}/audit?from=2026-02-02&until=2026-01-01`,
    'audit event': auditEvent,
    'health': '/operator',
    'principals': '/operator/principals',
    'new principal': '/operator/new-principal',
    'principal': '/operator/principals/acme',
    'delete principal': '/operator/principals/acme/delete',
    'operator apps': '/operator/apps',
    'register app': '/operator/apps/new',
    'operator app': `/operator/apps/${mall.appid}`,
    'users': '/operator/users',
    'new user': '/operator/users/new',
    'user': user,
    'disable user': `${user}/disable`,
    'reset password': `${user}/reset`,
    'settings in force': '/operator/settings',
    'installation log': '/operator/audit',
    'list of apps': '/apps',
    ...settings,
    'borrowed danger zone': `${borrowed}/settings/danger`,
    'no entry': `/apps/${campaign.appid}`,
    'first environment': `/apps/${campaign.appid}/environments/new`,
    'no usable environment': `/apps/${account.appid}`,
    'overview': env,
    'overview of an environment without calls': `${app}/envs/${mall.prod}`,
    'environments': `${app}/environments`,
    'new environment': `${app}/environments/new`,
    'settings': `${env}/settings`,
    'access': `${env}/settings/access`,
    'rules of functions': `${env}/settings/access/functions`,
    'rules of files': `${env}/storage/rules`,
    'rules of a collection': `${collection}/rules`,
    'extensions': `${app}/extensions`,
    'turn sharing off': `${app}/extensions/sharing/disable`,
    'shares': `${app}/shares`,
    'shares with me, none': `${app}/shares?tab=with-me`,
    'new share': `${app}/shares/new`,
    'new share, found': `${app}/shares/new?to=${campaign.appid}`,
    'new share, refused': `${app}/shares/new?to=${ui.outside.appid}`,
    'share': share,
    'edit share': `${share}/edit`,
    'pause share': `${share}/pause`,
    'remove share': `${share}/delete`,
    'shares, found': `${app}/shares?q=${encodeURIComponent('会员')}&perm=functions.invoke`,
    'shares, none found': `${app}/shares?q=nothing&state=expired`,
    'map of shares': `${app}/shares/map`,
    'borrowed share': leave.replace(/\/leave$/, ''),
    'shares with me': `/apps/${member.appid}/shares?tab=with-me`,
    'shares, none': `/apps/${member.appid}/shares`,
    'leave share': leave,
    'environments with borrowed ones': `/apps/${member.appid}/environments`,
    'functions': `${env}/functions`,
    'functions without cloudbase_auth': `${app}/envs/${mall.prod}/functions`,
    'new function': `${env}/functions/new`,
    'test run': run,
    'code': `${run}/code`,
    'versions': `${run}/versions`,
    'configuration': `${run}/configure`,
    'delete function': `${run}/delete`,
    'logs': `${run}/logs`,
    'logs, filtered': `${run}/logs?status=not_ok&q=productId`,
    'logs, none': `${ui.functionPath(mall, mall.prod, 'getProducts')}/logs`,
    'logs, none found': `${run}/logs?id=nowhere`,
    'kept event': `${run}?event=${event}`,
    'working copy': `${ui.functionPath(mall, mall.test, 'hello')}/code?file=lib%2Futil.js`,
    'deploy working copy': `${ui.functionPath(mall, mall.test, 'hello')}/draft`,
    'discard working copy': `${ui.functionPath(mall, mall.test, 'hello')}/draft/discard`,
    'new file': `${run}/files/new`,
    'rename file': `${run}/files/rename?file=index.js`,
    'delete file': `${run}/files/delete?file=index.js`,
    'upload code': `${run}/deploy`,
    'compare versions': `${run}/versions/compare`,
    'roll back': `${run}/rollback?version=1`,
    'functions, none found': `${env}/functions?q=nothing`,
    'borrowed code': `${borrowed}/functions/hello/code`,
    'invocation': invocation,
    'monitoring': `${run}/monitoring?range=24h`,
    'monitoring, none': `${ui.functionPath(mall, mall.prod, 'getProducts')}/monitoring`,
    'statistics': `${env}/statistics?range=30d`,
    'statistics of one app': `${env}/statistics?range=12m&caller=${member.appid}`,
    'statistics, none': `${app}/envs/${mall.prod}/statistics`,
    'users': `${env}/users`,
    'users, none found': `${env}/users?search=nobody`,
    'users, none': `${app}/envs/${mall.prod}/users`,
    'user': visitor,
    'sign a user out': `${visitor}/signout`,
    'borrowed overview': borrowed,
    'borrowed functions': `${borrowed}/functions`,
    'borrowed function': `${borrowed}/functions/cloudbase_auth`,
    'borrowed configuration': `${borrowed}/functions/cloudbase_auth/configure`,
    'borrowed settings': `${borrowed}/settings`,
    'collections': `${env}/database`,
    'documents': `${env}/database/products`,
    'documents as JSON': `${env}/database/products?view=json`,
    'documents, none found': `${env}/database/products?filter=%7Bprice%3A%20-1%7D`,
    'new document': `${env}/database/products/documents/new`,
    'indexes': `${env}/database/products/indexes`,
    'imports and exports': `${env}/database/products/transfers`,
    'delete collection': `${env}/database/products/delete`,
    'borrowed collections': `${borrowed}/database`,
    'borrowed access': `${borrowed}/settings/access`,
    'storage': `${env}/storage`,
    'storage, second page': `${env}/storage?folder=many%2F&after=many%2F050`,
    'storage, none': `${app}/envs/${mall.prod}/storage`,
    'storage, long names': `${env}/storage?folder=${encodeURIComponent(long.slice(0, long.lastIndexOf('/') + 1))}`,
    'file with a long name': `${env}/storage/file?path=${encodeURIComponent(long)}`,
    'picture': `${env}/storage/file?path=logo.png`,
    'move file': `${env}/storage/move?path=${encodeURIComponent(long)}`,
    'move folder': `${env}/storage/move?path=many%2F`,
    'delete file': `${env}/storage/delete?path=${encodeURIComponent(long)}`,
    'delete folder': `${env}/storage/delete?path=many%2F`,
    'borrowed storage': `${borrowed}/storage`,
    'borrowed file': `${borrowed}/storage/file?path=logo.png`,
    'refused calls': `${app}/denials`,
    'refused calls, none found': `${app}/denials?code=auth_malformed`,
    'refused calls of a borrower': `/apps/${member.appid}/denials?tab=with-me`,
    'why, a question': `${app}/explain?plane=client`,
    'why, refused': `${app}/explain?ask=1&plane=client&person=supposed&caller=${account.appid}&env=${mall.test}&operation=database.read&resource=offers&custom=%7B%22level%22%3A%22silver%22%7D`,
    'why, allowed': `${app}/explain?ask=1&plane=client&person=visitor&caller=${account.appid}&env=${mall.test}&operation=database.read&resource=notice`,
    'why, of a borrower': `/apps/${member.appid}/explain?ask=1&plane=server&caller=${member.appid}&env=${mall.test}&operation=database.write`,
    'why, in the console': `${app}/explain?ask=1&plane=console&role=viewer&caller=${member.appid}&env=${mall.test}&operation=storage.operate`,
    'why, without cloudbase_auth': `${app}/explain?ask=1&plane=server&caller=${member.appid}&env=${mall.prod}&operation=init`,
    'refused in a borrowed environment': `${borrowed}/functions/new`,
    'styleguide': '/styleguide',
    'styleguide dialog': '/styleguide/dialog',
    'account': '/account',
    'change password': '/account/password',
    'second factor': '/account/second-factor',
    'sessions': '/account/sessions',
    'sign-in methods': '/account/sign-in',
    'preferences': '/account/preferences',
    'not found': '/nowhere',
  }
}

/** Addresses of the settings of an app, with somebody to change and something to restore. */
async function settingsPages(page, app, env) {
  await page.goto(`${app}/members`)
  const role = await page.getByTestId('member-row').filter({ hasText: 'bob' }).getByRole('link', { name: '修改角色' }).getAttribute('href')
  await ui.post(page, `${app}/envs/mall-old/settings/delete`, { confirm: 'mall-old' })
  await page.goto(`${app}/invitations/new`)
  await page.getByRole('button', { name: '生成链接' }).click()
  const link = await page.getByTestId('invitation-link').getByRole('textbox').inputValue()
  return {
    'environment name': `${env}/settings/name`,
    'danger zone': `${env}/settings/danger`,
    'delete environment': `${env}/settings/delete`,
    'restore environment': `${app}/environments/mall-old/restore`,
    'members': `${app}/members`,
    'role of a member': role,
    'remove member': role.replace(/role$/, 'remove'),
    'invite': `${app}/invitations/new`,
    'invitation': new URL(link).pathname,
    'error in an app': `${app}/envs/mall-old`,
  }
}

describe('pages', () => {
  let server, browser, alice, pages

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    await fill()
    await journey(browser, server, { storageState: alice }, async page => { pages = await allPages(page) })
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** Shares, calls and failures, so that lists are not empty. */
  async function fill() {
    const file = path.join(server.dir, 'shares.yaml')
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString()
    const viewer = ['functions.view', 'functions.invoke', 'settings.view', 'storage.view']
    await writeFile(file, JSON.stringify({
      apps: [
        {
          appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme', sharing: true,
          environments: [{ id: 'mall-old', name: '旧版环境' }],
          shares: [
            { to: member.appid, until: soon, note: '会员日联合活动，商品与下单', environments: [{ id: mall.test, permissions: viewer }, { id: mall.prod }] },
            { to: account.appid, environments: [{ id: mall.test }] },
          ],
        },
        { appid: member.appid, name: member.name, type: 'miniprogram', principal: 'acme', sharing: true },
      ],
      users: [{ username: 'bob', apps: { [mall.appid]: 'developer' } }],
    }))
    await server.run('apply', '-f', file)
    await journey(browser, { console: server.gateway }, { expected: /jsoperatewxdata net::ERR_ABORTED/ }, page => web.logIn(page, 'ming'))
    await journey(browser, server, { storageState: alice }, async page => {
      await ui.run(page, member, member.env, 'callMall')
      await ui.run(page, mall, mall.test, 'createOrder')
      await ui.run(page, mall, mall.test, 'createOrder', { productId: 'p1' })
      await ui.post(page, `${ui.functionPath(mall, mall.test, 'createOrder')}/events`, { name: '正常下单', event: '{"productId":"p1"}' })
      await ui.post(page, `${ui.functionPath(mall, mall.test, 'hello')}/files`, { path: 'lib/util.js' })
      await ui.post(page, `${ui.functionPath(mall, mall.test, 'hello')}/files/rename`, { file: 'package.json', path: 'lib/package.json' })
      await ui.run(page, member, member.env, 'callMall', { resourceEnv: mall.prod })
      await ui.openApp(page, mall)
      await ui.pauseShare(page, account)
      await store(page, long, Buffer.from('text '.repeat(20_000)))
      await store(page, 'logo.png', png)
      for (let i = 0; i < 101; i++) await store(page, `many/${String(i).padStart(3, '0')}`, Buffer.from('x'))
    })
  }

  /** Uploads a file as the page of storage does. */
  async function store(page, name, buffer) {
    const token = await page.locator('input[name=_csrf]').first().getAttribute('value')
    const answer = await page.request.post(`/apps/${mall.appid}/envs/${mall.test}/storage`, {
      multipart: { _csrf: token, files: { name, mimeType: 'application/octet-stream', buffer } }, headers: { 'X-Upload': '1', Origin: new URL(page.url()).origin, 'Sec-Fetch-Site': 'same-origin' },
    })
    assert.equal(answer.status(), 204, name)
  }

  // Colours do not depend on the language nor words on the theme: axe sees each once.
  for (const { locale, lang, colorScheme, audited } of [
    { locale: 'zh-CN', lang: 'zh-CN', colorScheme: 'light', audited: 1440 },
    { locale: 'zh-CN', lang: 'zh-CN', colorScheme: 'dark' },
    { locale: 'en-US', lang: 'en', colorScheme: 'light' },
    { locale: 'en-US', lang: 'en', colorScheme: 'dark', audited: 360 },
  ]) {
    const check = async page => {
      assert.equal(await page.locator('html').getAttribute('lang'), lang)
      await fits(page, widths)
      if (!audited) return
      await page.setViewportSize({ width: audited, height: 900 })
      await accessible(page)
    }

    test(`in ${lang}, ${colorScheme}`, t => journey(browser, server, { storageState: alice, locale, colorScheme, expected }, async page => {
      for (const [name, address] of Object.entries(pages)) {
        await t.test(name, async () => {
          await page.goto(address)
          await ui.editors(page)
          await check(page)
        })
      }
    }))

    test(`signing in, in ${lang}, ${colorScheme}`, () => journey(browser, server, { locale, colorScheme }, async page => {
      await page.goto('/login')
      await check(page)
    }))
  }

  test('a run with its result, and an open dialog', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(ui.functionPath(member, member.env, 'callMall'))
    await ui.pressRun(page)
    await accessible(page)
    await fits(page, widths)
    await page.goto(pages.shares)
    await page.getByRole('link', { name: '添加共享' }).click()
    await page.locator('dialog[open]').waitFor()
    await accessible(page)
    await fits(page, widths)
  }))

  test('a rule that is tried, and one that is wrong', () => journey(browser, server, { storageState: alice, expected }, async page => {
    await page.goto(pages['rules of a collection'])
    const inForce = await page.getByTestId('in-force').innerText()
    await page.getByLabel('自定义安全规则').check()
    await ui.editors(page)
    const text = page.getByLabel('自定义规则（JSON）')
    await text.fill(`{"read": "auth.custom.role == 'staff'", "write": fals}`)
    await page.locator('#rule-check').getByText('第 1 行').waitFor()
    await accessible(page)
    await text.fill(`{"read": "auth.custom.role == 'staff'", "write": false}`)
    await page.locator('#rule-check').getByText('规则有效').waitFor()
    await page.getByLabel('auth.custom').fill('{"role": "guest"}')
    await page.getByLabel('auth.openid').press('Enter')
    await page.getByTestId('simulation-part').getByText("auth.custom.role == 'staff'").waitFor()
    await accessible(page)
    await fits(page, widths)
    assert.equal(await page.getByTestId('in-force').innerText(), inForce, 'trying a rule changes nothing')
  }))

  test('with the keyboard alone', () => journey(browser, server, { storageState: alice }, async page => {
    await page.goto(pages.shares)
    const add = page.getByRole('link', { name: '添加共享' })
    await tabTo(page, add)
    await page.keyboard.press('Enter')
    const dialog = page.locator('dialog[open]')
    const appid = dialog.getByRole('textbox', { name: '共享给' })
    await appid.waitFor()
    assert.ok(await appid.evaluate(e => e === document.activeElement), 'the dialog takes the focus')
    await page.keyboard.type(campaign.appid)
    await page.keyboard.press('Enter')
    await dialog.getByTestId('grantee').waitFor()
    await tabTo(page, ui.environmentCard(page, mall.test).locator('input[name=env]'))
    await page.keyboard.press('Space')
    await tabTo(page, ui.permissionBox(page, mall.test, 'functions.operate'))
    await tabTo(page, dialog.getByRole('button', { name: '共享', exact: true }))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await add.evaluate(e => e === document.activeElement), 'the focus returns')

    await page.goto(pages['test run'])
    await tabTo(page, page.getByRole('button', { name: '运行', exact: true }))
    await page.keyboard.press('Enter')
    await page.getByTestId('run-status').waitFor()
  }))
})
