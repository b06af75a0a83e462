// Genuine SDKs from the registry, outside of functions, against a running server.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { mall, member } from './lib/console.mjs'
import * as sdk from './lib/sdk.mjs'
import { startServer } from './lib/server.mjs'

/** Checks that a call was refused with an error of the protocol. */
function refusedWith({ value, error }, number) {
  assert.equal(value, undefined)
  assert.ok(`${error.errCode} ${error.code} ${error.message}`.includes(number), `${number} in ${JSON.stringify(error)}`)
}

/** Keeps processes until the end of a suite. */
function processes() {
  const all = []
  return {
    start: (version, credential) => all[all.push(sdk.start(version, credential.variables)) - 1],
    stop: () => Promise.all(all.map(p => p.stop())),
  }
}

describe('with issued credentials', () => {
  const children = processes()
  const products = { resource: { resourceAppid: mall.appid, resourceEnv: mall.test }, name: 'getProducts' }
  let server

  /** Declares what the mall lends to the member app, from a process beside the server. */
  const lend = async permissions => {
    const file = path.join(server.dir, 'shares.yaml')
    const grant = { id: mall.test, permissions }
    await writeFile(file, JSON.stringify({
      apps: [{
        appid: mall.appid, name: mall.name, type: 'miniprogram', principal: 'acme', sharing: true,
        shares: [{ to: member.appid, environments: [grant] }],
      }],
    }))
    await server.run('apply', '-f', file)
  }

  before(async () => {
    server = await startServer({ demo: true })
    await lend(['functions.invoke'])
  })
  after(async () => {
    await children.stop()
    await server?.stop()
  })

  for (const version of ['wx4', 'wx2', 'node3']) {
    test(`${version} calls a function of its own environment, until the credential is revoked`, async () => {
      const credential = await sdk.issue(server, member.appid, member.env)
      const process = children.start(version, credential)
      const { value } = await process.do({ name: 'callMall', data: { data: { keyword: '茶杯' } } })
      assert.deepEqual(value.products.map(p => p.name), ['青瓷茶杯'])
      assert.equal(value.context.FROM_APPID, member.appid)

      await server.run('credentials', 'revoke', credential.id)
      refusedWith(await process.do({ name: 'callMall' }), '凭证已被吊销')
    })
  }

  for (const version of ['wx4', 'wx2']) {
    test(`${version} calls another app; what apply and revoke change counts from the next call on`, async () => {
      const credential = await sdk.issue(server, member.appid, member.env)
      const process = children.start(version, credential)
      const { value } = await process.do(products)
      assert.deepEqual(value.context, { APPID: mall.appid, ENV: mall.test, FROM_APPID: member.appid, SOURCE: value.context.SOURCE })

      await lend(['functions.view'])
      refusedWith(await process.do(products), '-601018')
      await lend(['functions.invoke'])
      assert.equal((await process.do(products)).value.calledBy, member.appid)

      await server.run('credentials', 'revoke', credential.id)
      refusedWith(await process.do(products), '-601016')
      refusedWith(await process.do({ name: 'callMall' }), '凭证已被吊销')
    })
  }

  test('a wrong key is refused', async () => {
    const credential = await sdk.issue(server, member.appid, member.env)
    credential.variables.TENCENTCLOUD_SECRETKEY += 'x'
    refusedWith(await children.start('node3', credential).do({ name: 'callMall' }), 'SIGN_PARAM_INVALID')
  })
})

describe('S4: A borrows from B and B from C', () => {
  const children = processes()
  const [a, b, c] = ['a', 'b', 'c'].map(x => ({ resourceAppid: `wx${x.repeat(16)}`, resourceEnv: `chain-${x}` }))
  let server, outsideA

  before(async () => {
    server = await startServer({ manifest: fileURLToPath(new URL('chain/envshare.yaml', import.meta.url)) })
    outsideA = await sdk.issue(server, a.resourceAppid, a.resourceEnv)
  })
  after(async () => {
    await children.stop()
    await server?.stop()
  })

  test('a function of B that A calls reaches C as B', async () => {
    const { value, error } = await children.start('wx4', outsideA).do({ resource: b, name: 'relay', data: c })
    assert.equal(error, undefined)
    assert.deepEqual(value.here, { APPID: b.resourceAppid, FROM_APPID: a.resourceAppid })
    assert.deepEqual(value.there, { APPID: c.resourceAppid, ENV: c.resourceEnv, FROM_APPID: b.resourceAppid })
  })

  for (const version of ['wx4', 'wx2']) {
    test(`${version}: A itself does not reach C`, async () => {
      refusedWith(await children.start(version, outsideA).do({ resource: c, name: 'whoami' }), '-601012')
    })
  }

  test('what A received for B opens B and nothing else', async () => {
    const { value: received, error } = await children.start('wx4', outsideA).do({ resource: b, peek: true })
    assert.equal(error, undefined)
    const other = children.start('node3', outsideA)
    const replay = (env, name) => other.do({ stolen: received, env, name })

    assert.deepEqual((await replay(b.resourceEnv, 'relay')).value, { here: { APPID: b.resourceAppid, FROM_APPID: a.resourceAppid } })
    for (const env of [c.resourceEnv, a.resourceEnv]) {
      refusedWith(await replay(env, 'whoami'), '-601012')
    }
  })

  test('what A received for B does not stand for B in front of C', async () => {
    const { value: received } = await children.start('wx4', outsideA).do({ resource: b, peek: true })
    const { secretId, secretKey, token } = received.credential
    const disguised = {
      variables: {
        ...outsideA.variables, TCB_ENV: b.resourceEnv, SCF_NAMESPACE: b.resourceEnv, WX_APPID: b.resourceAppid,
        TENCENTCLOUD_SECRETID: secretId, TENCENTCLOUD_SECRETKEY: secretKey, TENCENTCLOUD_SESSIONTOKEN: token,
      },
    }
    for (const version of ['wx4', 'wx2']) {
      refusedWith(await children.start(version, disguised).do({ resource: c, name: 'whoami' }), '-601012')
    }
  })
})
