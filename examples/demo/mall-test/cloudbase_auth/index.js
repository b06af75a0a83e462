// 跨账号调用的门卫：来源方每次 init() 时运行，返回 errCode 0 才放行。
// The gate of this environment: runs whenever another app calls init(); only errCode 0 lets it in.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

exports.main = async () => {
  const { FROM_APPID, FROM_OPENID } = cloud.getWXContext()
  console.log('init from', FROM_APPID, FROM_OPENID || '(no end user)')

  return {
    errCode: 0,
    errMsg: '',
    // 安全规则中的 auth.custom / becomes auth.custom in security rules
    auth: JSON.stringify({ app: FROM_APPID, level: await levelOf(FROM_OPENID) }),
  }
}

// 会员等级：openid 因应用而异，所以每个应用各有一条记录。
// The level of a member: an openid differs from app to app, so each app's has a document of its own.
async function levelOf(openid) {
  if (!openid) return 'guest' // 由云函数发起，没有用户 / a function called, on nobody's behalf
  const { data } = await cloud.database().collection('members').where({ openid }).limit(1).get()
  return data.length > 0 ? data[0].level : 'guest'
}
