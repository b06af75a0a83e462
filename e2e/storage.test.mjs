// The files of an environment: uploading by input and by dropping, looking,
// moving, deleting, and what a borrower sees who may only look.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

import { journey, launch, session } from './lib/browser.mjs'
import * as ui from './lib/console.mjs'
import { startServer } from './lib/server.mjs'

const { mall, member } = ui
const storage = app => `/apps/${app.appid}/envs/${mall.test}/storage`
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p9f5XwAAAABJRU5ErkJggg==', 'base64')

const row = (page, name) => page.getByTestId(/^(file|folder)-row$/).filter({ has: page.getByRole('link', { name, exact: true }) })

/** Opens the menu of a row and follows one of its actions. */
async function act(page, name, action) {
  await row(page, name).locator('summary').click()
  await row(page, name).locator('.menu-panel').getByText(action, { exact: true }).click()
}

/** Drops files on the page, as a person would: entries stand for files and folders. */
async function drop(page, tree) {
  await page.evaluate(tree => {
    const entry = ([name, content]) => typeof content === 'string'
      ? { isFile: true, name, file: resolve => resolve(new File([content], name)) }
      : {
          isFile: false, name, createReader() {
            const portions = [Object.entries(content).map(entry), []]
            return { readEntries: resolve => resolve(portions.shift()) }
          },
        }
    const event = type => {
      const e = new Event(type, { bubbles: true, cancelable: true })
      e.dataTransfer = { types: ['Files'], files: [], items: Object.entries(tree).map(top => ({ kind: 'file', webkitGetAsEntry: () => entry(top) })) }
      return e
    }
    const target = document.querySelector('[data-testid="drop-hint"]')
    if (target.dispatchEvent(event('dragover'))) throw new Error('the page does not take what is dragged over it')
    target.dispatchEvent(event('drop'))
  }, tree)
}

describe('storage', () => {
  let server, browser, alice, fromGateway

  before(async () => {
    server = await startServer({ demo: true })
    browser = await launch()
    alice = await session(browser, server, 'alice')
    // Pictures and files come from the gateway, and nothing else does.
    fromGateway = `elsewhere: ${server.gateway.replaceAll('.', '\\.')}/files/d/`
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  const visit = (steps, { expected = fromGateway, ...options } = {}) =>
    journey(browser, server, { storageState: alice, expected: new RegExp(expected), ...options }, steps)

  const uploaded = (page, text) => page.getByTestId('upload-progress').getByText(text).waitFor()

  test('uploading by input, into a new folder', () => visit(async page => {
    await page.goto(storage(mall))
    await page.getByLabel('上传到文件夹').fill('图片/首页')
    const files = [path.join(server.dir, 'logo.png'), path.join(server.dir, 'large.bin')]
    await writeFile(files[0], png)
    await writeFile(files[1], Buffer.alloc(24 << 20, 'x'))
    await page.getByLabel('文件', { exact: true }).setInputFiles(files)
    const moved = page.waitForURL(/folder=/)
    await page.getByRole('button', { name: '上传', exact: true }).click()
    await moved
    await row(page, 'large.bin').getByText('24.0 MB').waitFor()
    await row(page, 'logo.png').waitFor()
    assert.equal(await page.getByRole('navigation', { name: '所在位置' }).innerText().then(t => t.replace(/\s+/g, '')), '存储/图片/首页')
  }))

  test('dropping files and a folder keeps its structure', () => visit(async page => {
    await page.goto(storage(mall))
    await drop(page, { 'a.txt': '你好，文件', 站点: { 'index.html': '<script>document.title = "run"</script>', css: { 'a.css': 'a{}' } } })
    await uploaded(page, '已上传 3 / 3，失败 0')
    assert.deepEqual(await page.locator('[data-upload-list] [data-state]').allInnerTexts(), ['已上传', '已上传', '已上传'])
    await row(page, 'a.txt').waitFor()
    await row(page, '站点/').getByRole('link').click()
    await row(page, 'index.html').waitFor()
    await row(page, 'css/').waitFor()
  }))

  test('a file that is refused has its reason, and the others are stored', () => visit(async page => {
    await page.goto(storage(mall))
    await drop(page, { 'good.txt': '1', 'bad\\name.txt': '2', 'also.txt': '3' })
    await uploaded(page, '已上传 2 / 3，失败 1')
    await page.locator('[data-upload-list] [data-error]').filter({ hasText: '文件路径用 / 分隔' }).waitFor()
    await row(page, 'good.txt').waitFor()
    await row(page, 'also.txt').waitFor()
  }, { expected: 'status of 422' }))

  test('progress and cancelling of a large file', () => visit(async page => {
    await page.goto(storage(mall))
    const slow = await page.context().newCDPSession(page)
    await slow.send('Network.enable')
    await slow.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 })
    await page.getByLabel('文件', { exact: true }).setInputFiles([
      { name: 'slow.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(4 << 20, 'y') }, { name: 'never.txt', mimeType: 'text/plain', buffer: Buffer.from('n') },
    ])
    await page.getByRole('button', { name: '上传', exact: true }).click()
    await page.locator('[data-upload-list] [data-state]').filter({ hasText: /^[1-9]\d?%$/ }).waitFor()
    const shown = await page.locator('[data-upload-list] progress').first().evaluate(e => e.value)
    assert.ok(shown > 0 && shown < 100, `${shown}`)
    await page.getByTestId('upload-progress').locator('xpath=..').getByRole('button', { name: '取消' }).click()
    await uploaded(page, '已上传 0 / 2，失败 2')
    await page.reload()
    assert.equal(await row(page, 'slow.bin').count(), 0)
  }, { expected: 'net::ERR_ABORTED|failed: POST' }))

  test('previews of a text and a picture, and the id to copy', () => visit(async page => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(`${storage(mall)}/file?path=a.txt`)
    assert.equal(await page.getByTestId('preview').innerText(), '你好，文件')
    await page.getByRole('button', { name: '复制文件 ID' }).click()
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), new RegExp(`^cloud://${mall.test}\\.[^/]+/a\\.txt$`))

    await page.goto(`${storage(mall)}/file?path=${encodeURIComponent('图片/首页/logo.png')}`)
    const picture = page.getByTestId('preview')
    await picture.waitFor()
    assert.ok(await picture.evaluate(async e => { await e.decode(); return e.naturalWidth === 1 }), 'the picture is shown')

    await page.goto(`${storage(mall)}/file?path=${encodeURIComponent('站点/index.html')}`)
    await page.getByTestId('preview').getByText('<script>').waitFor()
    assert.doesNotMatch(await page.title(), /run/)
  }))

  test('moving a file, renaming a folder, deleting both', () => visit(async page => {
    await page.goto(`${storage(mall)}/file?path=a.txt`)
    await page.getByRole('link', { name: '移动或重命名' }).click()
    const dialog = page.locator('dialog[open]')
    await dialog.getByLabel('新的路径').fill('good.txt')
    await dialog.getByRole('button', { name: '移动或重命名' }).click()
    await dialog.getByText('good.txt 已存在').waitFor()
    assert.ok(await dialog.getByLabel('新的路径').evaluate(e => e === document.activeElement), 'the field in error has the focus')
    await dialog.getByLabel('新的路径').fill('文档/b.txt')
    await dialog.getByRole('button', { name: '移动或重命名' }).click()
    await ui.flash(page, '已移动到 文档/b.txt')

    await page.goto(storage(mall))
    await act(page, '站点/', '移动或重命名')
    await dialog.getByLabel('新的路径').fill('网站')
    await dialog.getByRole('button', { name: '移动或重命名' }).click()
    await ui.flash(page, '已移动到 网站/')
    await row(page, 'index.html').waitFor()

    await page.goto(storage(mall))
    await act(page, '网站/', '删除')
    await dialog.getByTestId('impact').getByText('2', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: '删除' }).click()
    await ui.flash(page, '已删除 网站/')
    assert.equal(await row(page, '网站/').count(), 0)

    await page.goto(`${storage(mall)}/file?path=${encodeURIComponent('图片/首页/large.bin')}`)
    await page.getByRole('link', { name: '删除' }).click()
    await dialog.getByRole('button', { name: '删除' }).click()
    await ui.flash(page, '已删除 图片/首页/large.bin')
    await row(page, 'logo.png').waitFor()
  }, { expected: `${fromGateway}|status of 422` }))

  test('without JavaScript', () => visit(async page => {
    await page.goto(storage(mall))
    await page.getByLabel('上传到文件夹').fill('plain')
    await page.getByLabel('文件', { exact: true }).setInputFiles([{ name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('1') }, { name: 'two.txt', mimeType: 'text/plain', buffer: Buffer.from('2') }])
    await page.getByRole('button', { name: '上传', exact: true }).click()
    await ui.flash(page, '已上传 2 个文件')
    await act(page, 'one.txt', '删除')
    await page.getByRole('button', { name: '删除' }).click()
    await ui.flash(page, '已删除 plain/one.txt')
    await row(page, 'two.txt').waitFor()
  }, { javaScriptEnabled: false }))

  test('a borrower with view alone looks, and is told why not more', async () => {
    const file = path.join(server.dir, 'shares.yaml')
    const grant = permissions => writeFile(file, JSON.stringify({
      apps: [{ appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme', sharing: true, shares: [{ to: member.appid, environments: [{ id: mall.test, permissions }] }] }],
    })).then(() => server.run('apply', '-f', file))
    await grant(['storage.view'])
    await visit(async page => {
      await page.goto(storage(member))
      await page.getByTestId('why-not').getByText('资源方没有授予「操作存储」').waitFor()
      await row(page, 'good.txt').locator('summary').click()
      assert.equal(await row(page, 'good.txt').locator('.menu-panel a').count(), 0)
      await row(page, 'good.txt').locator('.menu-panel').getByText('资源方没有授予').first().waitFor()
      await page.goto(`${storage(member)}/file?path=good.txt`)
      await page.getByTestId('preview').getByText('1').waitFor()
      await page.getByTestId('why-off').getByText('资源方没有授予「操作存储」').waitFor()

      // S6: an address that was handed out ends with the share.
      const answer = await page.request.get(`${storage(member)}/open?path=good.txt`, { maxRedirects: 0 })
      const { location } = answer.headers()
      assert.equal((await page.request.get(location)).status(), 200)
      await grant(['functions.view'])
      assert.equal((await page.request.get(location)).status(), 403)
    })
  })
})
