// Makes the pictures of the README from the demo: docs/screenshots/*.png.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'
import * as web from './lib/web.mjs'

const { mall, member, campaign, account } = ui
const folder = fileURLToPath(new URL('../docs/screenshots/', import.meta.url))
const day = 86_400_000

/** Shares of several kinds, so that the list shows what there is. */
async function declareShares(server) {
  const file = path.join(server.dir, 'shares.yaml')
  await writeFile(file, JSON.stringify({
    apps: [{
      appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme', sharing: true,
      shares: [
        { to: member.appid, note: '会员中心展示商品', environments: [{ id: mall.test, permissions: ['functions.invoke', 'database.read'] }] },
        {
          to: campaign.appid, until: new Date(Date.now() + 5 * day).toISOString(), note: '双十一返场',
          environments: [{ id: mall.test, permissions: ['functions.view', 'functions.invoke', 'settings.view'] }],
        },
        { to: account.appid, note: '服务号菜单', environments: [{ id: mall.test, permissions: ['functions.invoke'] }, { id: mall.prod }] },
      ],
    }],
  }))
  await server.run('apply', '-f', file)
}

async function useShares(page) {
  for (const keyword of ['茶杯', '围巾', '', '茶杯']) {
    await ui.run(page, member, member.env, 'callMall', { data: { keyword } })
  }
  await ui.run(page, campaign, mall.test, 'getProducts')
  await ui.run(page, mall, mall.test, 'createOrder', { productId: 'p1', count: 2 })
}

const server = await startServer({ demo: true })
let browser
try {
  browser = await launch()
  await mkdir(folder, { recursive: true })
  const alice = await session(browser, server, 'alice')
  await journey(browser, { console: server.gateway }, { colorScheme: 'light', viewport: { width: 1000, height: 880 } }, async page => {
    await web.logIn(page, 'hong')
    await web.outcome(page, 'createOrder')
    await page.locator('#watch').getByText('✓').waitFor()
    await page.screenshot({ path: path.join(folder, 'web-login.png'), animations: 'disabled' })
  })
  await declareShares(server)
  await journey(browser, server, { storageState: alice, colorScheme: 'light' }, async page => {
    const shoot = async (name, height) => {
      await page.setViewportSize({ width: 1360, height })
      await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' })
    }
    await useShares(page)

    await ui.openApp(page, mall)
    await ui.pauseShare(page, account)
    await page.goto(`/apps/${mall.appid}/shares`)
    await shoot('shares', 700)

    await ui.removeShare(page, account)
    await ui.openShareForm(page)
    await (await ui.lookUp(page, account.appid)).getByTestId('grantee').waitFor()
    await ui.tickOnly(page, mall.test, ['functions.view', 'functions.invoke', 'database.read', 'storage.read'])
    await page.locator('#share-form').getByLabel('备注').fill('服务号菜单')
    await page.getByLabel('有效期至').fill(`${new Date().getFullYear() + 1}-12-31T18:00`)
    await page.locator('#dialog-title').focus()
    await shoot('share-form', 980)

    await page.goto(`/apps/${campaign.appid}/envs/${mall.test}/functions`)
    await shoot('borrowed', 480)

    await page.goto(ui.functionPath(member, member.env, 'callMall'))
    await ui.pressRun(page, { name: 'getProducts', data: { keyword: '茶杯' } })
    await shoot('function-run', 800)

    const picture = async (name, address, ready, height) => {
      await page.goto(address)
      await ready(page).waitFor()
      await shoot(name, height)
    }
    const env = `/apps/${mall.appid}/envs/${mall.test}`
    await picture('share-map', `/apps/${mall.appid}/shares/map`, p => p.getByTestId('map-row').first(), 720)
    await picture('why', `/apps/${mall.appid}/explain?ask=1&plane=client&person=supposed&caller=${account.appid}&env=${mall.test}&operation=database.read&resource=offers&custom=%7B%22level%22%3A%22silver%22%7D`,
      p => p.getByTestId('explain-step').first(), 1100)
    await picture('function-code', `${ui.functionPath(mall, mall.test, 'createOrder')}/code`, p => p.locator('.cm-content, [data-editor]').first(), 800)
    await picture('database', `${env}/database/products`, p => p.getByTestId('document-row').first(), 620)
    await picture('statistics', `${env}/statistics`, p => p.locator('[data-chart-canvas] svg, [data-chart-canvas] canvas').first(), 900)
    await picture('audit', `/apps/${mall.appid}/audit`, p => p.getByTestId('audit-row').first(), 760)
  })
} finally {
  await browser?.close()
  await server.stop()
}
