// 打招呼：未登录的访客也能调用（安全规则 invoke: true）；登录用户得知自己是谁。
// Says hello: visitors without login may call it too (its rule is invoke: true); who logged in learns who they are.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async () => {
  const { FROM_APPID, FROM_OPENID, OPENID, SOURCE } = cloud.getWXContext()
  const openid = FROM_OPENID || OPENID
  return { greeting: openid ? '你好 / Hello' : '你好，访客 / Hello, visitor', fromAppid: FROM_APPID || '', openid: openid || '', source: SOURCE }
}
