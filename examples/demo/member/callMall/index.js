// 调用另一个小程序共享的云函数：声明新的 cloud 实例，init，再调用。
// Calls a function in an environment that another mini program shares:
// a cloud instance of its own, init, then the call.
const cloud = require('wx-server-sdk')

exports.main = async event => {
  const mall = new cloud.Cloud({
    resourceAppid: event.resourceAppid || 'wxe0e2656d74f0bff3',
    resourceEnv: event.resourceEnv || 'test-f96b31',
  })
  await mall.init()

  const { result } = await mall.callFunction({ name: event.name || 'getProducts', data: event.data || {} })
  return result
}
