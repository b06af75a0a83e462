const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async () => {
  const { APPID, ENV, FROM_APPID } = cloud.getWXContext()
  return { APPID, ENV, FROM_APPID }
}
