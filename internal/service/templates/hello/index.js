// 云函数示例：返回收到的参数和调用者信息。
// Hello sample: returns what it was given, and who called.
const cloud = require('wx-server-sdk')

// 使用函数所在的环境 / use the environment that this function runs in
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async (event) => {
  // userInfo 由平台加入 / userInfo is added by the platform
  const { userInfo, ...given } = event
  const { ENV, APPID, OPENID, FROM_APPID, FROM_OPENID, SOURCE } = cloud.getWXContext()

  // 日志显示在调用记录里 / logs are shown with the invocation
  console.log('hello', given)

  return {
    message: 'hello',
    event: given,
    // 没有最终用户时 OPENID 为空，例如控制台的测试运行
    // OPENID is empty without an end user, such as in a test run of the console
    caller: { ENV, APPID, OPENID, FROM_APPID, FROM_OPENID, SOURCE },
  }
}
