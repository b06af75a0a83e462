// Calls a function of C, as B; without an address it says who called.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async ({ resourceAppid, resourceEnv }) => {
  const { APPID, FROM_APPID } = cloud.getWXContext()
  const here = { APPID, FROM_APPID }
  if (!resourceAppid) return { here }
  const resource = new cloud.Cloud({ resourceAppid, resourceEnv })
  await resource.init()
  const { result } = await resource.callFunction({ name: 'whoami' })
  return { here, there: result }
}
