// 跨账号调用示例：调用另一个应用共享给本应用的环境里的云函数。
// Cross-account sample: calls a function in an environment that another app
// shares with this one.
const cloud = require('wx-server-sdk')

exports.main = async (event) => {
  // 参数优先，其次是环境变量 / the event goes before the variables
  const resourceAppid = event.appid || process.env.RESOURCE_APPID
  const resourceEnv = event.env || process.env.RESOURCE_ENV
  const name = event.name || process.env.RESOURCE_FUNCTION
  if (!resourceAppid || !resourceEnv || !name) {
    throw new Error('appid, env and name are needed: in the event, or as RESOURCE_APPID, RESOURCE_ENV and RESOURCE_FUNCTION')
  }

  // 资源方的 AppID 和环境 ID / the owner's AppID and environment
  const resource = new cloud.Cloud({ resourceAppid, resourceEnv })

  // 必须等待 init 完成：资源方的 cloudbase_auth 在这时决定是否放行
  // wait for init: the owner's cloudbase_auth decides meanwhile
  await resource.init()

  return resource.callFunction({ name, data: event.data || {} })
}
