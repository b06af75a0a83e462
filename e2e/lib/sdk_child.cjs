// A process outside of functions that does with a genuine SDK what it is told,
// one order after the other. Instances stay, as in a server of somebody's own.
'use strict'
const [, , version] = process.argv
const sdks = { wx4: 'wx-server-sdk', wx2: 'wx-server-sdk-2', node3: '@cloudbase/node-sdk' }
const sdk = require(sdks[version])
const instances = new Map()

const plain = ({ code, errCode, message, errMsg }) => ({ code, errCode, message: errMsg || message })

/** Cross-account information that init() of wx-server-sdk received; the SDK hands it to registered services. */
function crossAccount(instance) {
  let cloud
  instance.registerService({ createService: c => { cloud = c; return { name: 'look', getAPIs: () => ({}) } } })
  return cloud.crossAccountToken
}

async function instanceOf({ resource, stolen, env }) {
  const key = JSON.stringify({ resource, stolen, env })
  if (instances.has(key)) return instances.get(key)
  let instance = sdk
  if (version === 'node3') {
    instance = sdk.init(stolen ? { env, getCrossAccountInfo: async () => stolen } : { env: sdk.SYMBOL_CURRENT_ENV })
  } else if (resource) {
    instance = new sdk.Cloud(resource)
    await instance.init()
  } else {
    sdk.init({ env: sdk.DYNAMIC_CURRENT_ENV })
  }
  instances.set(key, instance)
  return instance
}

process.on('message', async ({ id, order }) => {
  const answer = { id }
  try {
    const instance = await instanceOf(order)
    answer.value = order.peek ? crossAccount(instance) : (await instance.callFunction({ name: order.name, data: order.data || {} })).result
  } catch (error) {
    answer.error = plain(error)
  }
  process.send(answer)
})
process.on('disconnect', () => process.exit())
