// The addresses of all pages, and what must be there so that none is empty.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { journey } from './browser.mjs'
import * as ui from './console.mjs'
import * as web from './web.mjs'

const { mall, member, campaign, account } = ui
const long = `${'folder'.repeat(10)}/${'文件夹'.repeat(15)}/${'name'.repeat(25)}.txt`
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p9f5XwAAAABJRU5ErkJggg==', 'base64')

/** What page an address leads to, whatever it is about. */
export function kindOf(address) {
  return address.split('?')[0]
    .replace(/\/apps\/wx[^/]+/, '/apps/:app').replace(/\/envs\/[^/]+/, '/envs/:env').replace(/\/functions\/[^/]+/, '/functions/:name')
}

/** Addresses of all pages, some of them with ids that only the console knows. */
export async function allPages(page) {
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

  await page.goto(`${env}/database/products`)
  const document = await page.getByTestId('document-row').first().getByRole('link').first().getAttribute('href')
  await page.goto(`${env}/database/products/indexes`)
  const index = await page.getByTestId('index-row').getByRole('link', { name: '删除' }).first().getAttribute('href')

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
    'document': document,
    'delete document': document.replace(/(\?|$)/, '/delete$1'),
    'delete index': index,
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
    'search': `${app}/search`,
    'search, found': `${app}/search?q=mall`,
    'search, nothing found': `${app}/search?q=zzz`,
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

/** Shares, calls and failures, so that lists are not empty. */
export async function fillPages(browser, server, alice) {
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
