// 跨账号访问的门卫：其他应用 init() 时运行一次，决定是否放行。
// The gate for other apps: it runs once when one of them calls init(), and
// decides whether it may come in.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

// 允许的来源方 AppID，用逗号分隔，写在环境变量 ALLOWED_APPIDS 里；留空则放行
// 所有被共享的应用。
// The AppIDs that may come in, comma-separated, in the variable ALLOWED_APPIDS.
// Left empty, every app that the environment is shared with may.
const allowed = (process.env.ALLOWED_APPIDS || '').split(',').map((id) => id.trim()).filter(Boolean)

exports.main = async () => {
  // 来源方应用，以及已知时的用户 / the calling app, and its end user where known
  const { FROM_APPID, FROM_OPENID, FROM_UNIONID } = cloud.getWXContext()
  console.log('from', FROM_APPID, FROM_OPENID, FROM_UNIONID)

  if (allowed.length > 0 && !allowed.includes(FROM_APPID)) {
    // 非 0 的 errCode 和 errMsg 会原样返回给调用方
    // a non-zero errCode reaches the caller unchanged, with its errMsg
    return { errCode: 40301, errMsg: `${FROM_APPID} is not allowed` }
  }

  return {
    errCode: 0,
    errMsg: '',
    // 必须是序列化后的对象；在安全规则里用 auth.custom 读取
    // must be an object as a JSON string; security rules read it as auth.custom
    auth: JSON.stringify({ fromAppid: FROM_APPID }),
  }
}
