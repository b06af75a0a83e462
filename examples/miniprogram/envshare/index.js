// 代替 wx.cloud：login() 之后，new Cloud({ resourceAppid, resourceEnv }) 的用法与 wx.cloud.Cloud 相同。
// In place of wx.cloud: after login(), new Cloud({ resourceAppid, resourceEnv }) is used like wx.cloud.Cloud.
const sdk = require('@wxcloud/cloud-sdk')
const { appid, gateway } = require('../config')
const adapters = require('./adapters')
const files = require('./files')
const { login } = require('./login')

sdk.useAdapter({ adapters, platform: 'miniprogram' })
const cloud = sdk.initCloud()

/** 与 wx.cloud.Cloud 相同，请求发往 EnvShare / Like wx.cloud.Cloud, but speaks to EnvShare. */
function Cloud(options) {
  const place = { resourceAppid: options.resourceAppid || appid, resourceEnv: options.resourceEnv }
  const instance = new cloud.Cloud({ ...options, ...place, appid, config: { ...options.config, customDomain: gateway } })
  instance.uploadFile = file => files.uploadFile(place, file)
  instance.downloadFile = file => files.downloadFile(instance, file)
  return instance
}

module.exports = { Cloud, login: () => login(cloud) }
