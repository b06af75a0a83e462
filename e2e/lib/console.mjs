// The console as a person uses it. Every step works with and without JavaScript:
// it clicks what a person sees and waits for what a person would wait for.
import assert from 'node:assert/strict'

export const password = 'envshare-demo'

/** The apps and environments of the demo. */
export const mall = { appid: 'wxe0e2656d74f0bff3', name: '商城小程序', test: 'test-f96b31', prod: 'mall-prod' }
export const member = { appid: 'wx1f2e3d4c5b6a7988', name: '会员小程序', env: 'member-7a61c2' }
export const campaign = { appid: 'wx90ab12cd34ef5678', name: '双十一活动' }
export const account = { appid: 'wx77aa66bb55cc44dd', name: '品牌公众号' }
export const outside = { appid: 'wx0123456789abcdef', name: '外部小程序', env: 'outside-3c9d10' }

export async function signIn(page, username) {
  await page.goto('/login')
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill(password)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByTestId('user-menu').waitFor()
}

export async function signOut(page) {
  await page.getByTestId('user-menu').click()
  await page.getByRole('button', { name: '退出登录' }).click()
  await page.getByRole('heading', { name: '登录' }).waitFor()
}

/** Opens an app from the list of apps. */
export async function openApp(page, app) {
  await page.goto('/apps')
  await page.getByTestId('app-row').filter({ hasText: app.appid }).getByRole('link', { name: '打开控制台' }).click()
  await page.getByTestId('environment-switcher').waitFor()
  await page.waitForLoadState()
}

/** Switches to another app in the top bar. */
export async function switchApp(page, app) {
  const switcher = page.getByTestId('app-switcher')
  await switcher.click()
  await page.locator('header .menu-panel').getByRole('link', { name: app.appid }).click()
  await page.getByTestId('app-switcher').filter({ hasText: app.name }).waitFor()
  await page.waitForLoadState()
}

export function tab(page, name) {
  return page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name })
}

/** 设置 → 拓展能力 → 环境共享 → 开通 */
export async function enableSharing(page) {
  await tab(page, '设置').click()
  await page.getByRole('link', { name: '拓展能力' }).click()
  await page.getByRole('button', { name: '开通' }).click()
  await flash(page, '环境共享已开通')
}

/** Waits for a message, and for the rest of the page that has it. */
export async function flash(page, text) {
  await page.locator('#flashes').getByText(text).waitFor()
  await page.waitForLoadState()
}

/** 环境共享 → 添加共享 */
export async function openShareForm(page) {
  await tab(page, '环境共享').click()
  await page.getByRole('link', { name: '添加共享' }).first().click()
  await page.getByRole('heading', { name: '添加共享' }).waitFor()
}

/** Types an AppID, presses 查询 and returns the part of the page that answers. */
export async function lookUp(page, appid) {
  await page.getByRole('textbox', { name: '共享给' }).fill(appid)
  await page.getByRole('button', { name: '查询' }).click()
  return page.locator('#share-lookup')
}

export function environmentCard(page, env) {
  return page.getByTestId('share-environment').filter({ has: page.locator(`input[name=env][value="${env}"]`) })
}

export function permissionBox(page, env, key) {
  return environmentCard(page, env).locator(`input[value="${key}"]`)
}

/** Ticks an environment and leaves only the named permissions ticked. */
export async function tickOnly(page, env, keys) {
  const card = environmentCard(page, env)
  await card.locator('input[name=env]').check()
  await page.waitForLoadState()
  const boxes = await card.locator(`input[name="perm.${env}"]`).all()
  for (const box of boxes) {
    if (!keys.includes(await box.getAttribute('value'))) await box.uncheck()
  }
  for (const key of keys) await permissionBox(page, env, key).check()
}

/** Presses the button that stores the share. */
export async function submitShare(page, label, message) {
  await page.locator('#share-form').getByRole('button', { name: label, exact: true }).click()
  await flash(page, message)
}

/** The whole way from 添加共享 to the stored share; grants maps environments to their keys. */
export async function share(page, grantee, grants) {
  await openShareForm(page)
  await (await lookUp(page, grantee.appid)).getByTestId('grantee').filter({ hasText: grantee.name }).waitFor()
  for (const [env, keys] of Object.entries(grants)) await tickOnly(page, env, keys)
  await submitShare(page, '共享', `已共享给 ${grantee.name}`)
}

export function shareRow(page, grantee) {
  return page.getByTestId('share-row').filter({ hasText: grantee.appid })
}

/** Opens the menu of a share's row and follows one of its actions. */
export async function shareAction(page, grantee, action) {
  await tab(page, '环境共享').click()
  await shareRow(page, grantee).getByLabel(`${grantee.name} 的操作`).click()
  const menu = shareRow(page, grantee).locator('.menu-panel')
  await menu.getByText(action, { exact: true }).click()
}

export async function pauseShare(page, grantee) {
  await shareAction(page, grantee, '暂停')
  await page.getByRole('heading', { name: `暂停对 ${grantee.name} 的共享` }).waitFor()
  await page.getByRole('button', { name: '暂停', exact: true }).click()
  await flash(page, '共享已暂停')
  await shareRow(page, grantee).getByText('已暂停').waitFor()
}

export async function resumeShare(page, grantee) {
  await shareAction(page, grantee, '恢复')
  await flash(page, '共享已恢复')
  await shareRow(page, grantee).getByText('生效中').waitFor()
}

export async function removeShare(page, grantee) {
  await shareAction(page, grantee, '解除共享')
  await page.getByRole('heading', { name: `解除对 ${grantee.name} 的共享` }).waitFor()
  await page.getByRole('button', { name: '解除共享' }).click()
  await flash(page, '共享已解除')
}

export async function editShare(page, grantee, grants) {
  await shareAction(page, grantee, '编辑')
  await page.getByRole('heading', { name: '编辑共享' }).waitFor()
  for (const [env, keys] of Object.entries(grants)) await tickOnly(page, env, keys)
  await submitShare(page, '保存', `给 ${grantee.name} 的共享已更新`)
}

export function functionPath(app, env, name) {
  return `/apps/${app.appid}/envs/${env}/functions/${name}`
}

/** Runs a function in its test page, with an event, and returns how it ended. */
export async function run(page, app, env, name, event) {
  const address = functionPath(app, env, name)
  await page.goto(address)
  return pressRun(page, event)
}

/** Presses 运行 on the page of a function that was not run yet. */
export async function pressRun(page, event) {
  assert.equal(await page.getByTestId('run-status').count(), 0, 'the page already shows a run')
  await editors(page)
  if (event !== undefined) await refill(page.getByLabel('参数 event（JSON）'), JSON.stringify(event, null, 2))
  await page.getByRole('button', { name: '运行', exact: true }).click()
  const status = page.getByTestId('run-status')
  await status.waitFor()
  await page.waitForLoadState() // the result comes after it
  const text = async id => (await page.getByTestId(id).count()) > 0 ? page.getByTestId(id).innerText() : ''
  const returned = await text('run-returned')
  return {
    status: (await status.innerText()).trim(),
    returned: returned && JSON.parse(returned),
    error: await text('run-error'),
  }
}

/** Waits for the page that a click leads to, which has a code editor, and for that editor. */
export async function editor(page, label) {
  await page.getByRole('textbox', { name: label }).first().waitFor()
  await editors(page)
}

/** Waits until every input that becomes a code editor is one; without JavaScript none does. */
export async function editors(page) {
  await page.waitForLoadState('load')
  if (await page.locator('script[src*="/vendor/editor."]').count() === 0) return
  await page.locator('textarea[data-editor]:not([hidden])').first().waitFor({ state: 'detached' })
}

/**
 * Replaces what a code editor holds. It is emptied first: Chromium gives text that it puts over coloured text the
 * style of that, as inline style, which the page's policy refuses.
 */
export async function refill(input, text) {
  await input.fill('')
  await input.fill(text)
}

/** Posts a form that the page does not offer, as the page's own script could; redirects are not followed. */
export async function post(page, path, form) {
  const token = await page.locator('input[name=_csrf]').first().getAttribute('value')
  const headers = { Origin: new URL(page.url()).origin, 'Sec-Fetch-Site': 'same-origin' }
  return page.request.post(path, { form: { _csrf: token, ...form }, headers, maxRedirects: 0 })
}
