// The mini program of examples/, with the genuine client SDK against a running
// server: its own environment, and one that another app lends.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { mall, member } from './lib/console.mjs'
import { start } from './lib/miniprogram.mjs'
import { startServer } from './lib/server.mjs'

const folder = fileURLToPath(new URL('../examples/miniprogram', import.meta.url)).replace(/\/$/, '')

/** Waits until something holds. */
async function until(what, holds) {
  for (const limit = Date.now() + 10_000; !holds();) {
    assert.ok(Date.now() < limit, `in time: ${what()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe('the mini program', () => {
  let server
  const programs = []

  const lend = async permissions => {
    const file = path.join(server.dir, 'lend.yaml')
    const app = { appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme' }
    await writeFile(file, JSON.stringify({ apps: [{ ...app, shares: [{ to: member.appid, environments: [{ id: mall.test, permissions }] }] }] }))
    await server.run('apply', '-f', file)
  }
  const everything = ['functions.invoke', 'database.read', 'database.write', 'storage.read', 'storage.write']
  const program = async (appid, person) => {
    const config = { gateway: server.gateway, appid, resourceAppid: mall.appid, resourceEnv: mall.test, simulatedPerson: '' }
    return programs[programs.push(await start({ folder, gateway: server.gateway, appid, person, config })) - 1]
  }

  before(async () => { server = await startServer({ demo: true }) })
  after(async () => {
    for (const p of programs) p.stop()
    await server?.stop()
  })

  test('says that nothing is lent to it, and works as soon as something is', async () => {
    const page = await (await program(member.appid, 'ming')).open('pages/index/index')
    await page.onLoad()
    assert.match(page.data.status, /-601012/)
    await lend(everything)
    await page.onLoad()
    assert.match(page.data.status, /^你好 \/ Hello o.{27}$/)
    assert.equal(page.data.offers.length, 2)
    page.onUnload()
  })

  for (const [name, appid] of [['a borrowed environment', member.appid], ['an environment of its own', mall.appid]]) {
    test(`${name}: notes live, files both ways, an apostrophe intact`, async () => {
      await lend(everything)
      const { open, files } = await program(appid, 'gang')
      const page = await open('pages/index/index')
      await page.onLoad()
      await until(() => page.data.status, () => page.listener)
      await page.addNote({ detail: { value: { text: `it's "quoted"` } } })
      await until(() => JSON.stringify(page.data), () => page.data.notes.length > 0)
      assert.deepEqual([...page.data.notes], [`it's "quoted"`])
      const { data } = await page.cloud.database().collection('notes').where({ _openid: '{openid}' }).get()
      assert.equal(data[0].text, `it's "quoted"`)

      await page.upload()
      assert.equal(String(files.get(page.data.picture)), "it's a picture", page.data.status)
      page.onUnload()
    })
  }

  test('auth.custom and permissions decide as on the web', async () => {
    await lend(everything)
    const [gold, guest] = await Promise.all(['ming', 'hong'].map(async person => {
      const page = await (await program(member.appid, person)).open('pages/index/index')
      await page.onLoad()
      return page
    }))
    const offers = page => page.cloud.database().collection('offers').get()
    assert.equal((await offers(gold)).data.length, 3)
    await assert.rejects(offers(guest), { errCode: -502003 })
    await assert.rejects(guest.cloud.uploadFile({ cloudPath: 'welcome.txt', filePath: 'none' }), { errCode: -503002 }) // the mall's own
    await assert.rejects(guest.cloud.downloadFile({ fileID: `cloud://${mall.test}.7465-${mall.test}/none` }), { errCode: -503003 })

    await lend(['database.read'])
    await assert.rejects(gold.cloud.uploadFile({ cloudPath: 'mini/a', filePath: 'none' }), { errCode: -601018 })
    assert.equal((await offers(gold)).data.length, 3)
    for (const page of [gold, guest]) page.onUnload()
  })
})
