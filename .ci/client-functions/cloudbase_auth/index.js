const cloud = require('wx-server-sdk'); cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
exports.main = async () => {
  const { FROM_OPENID } = cloud.getWXContext()
  if (FROM_OPENID === 'o-denied') return { errCode: 1001, errMsg: 'owner says no' }
  if (FROM_OPENID === 'o-empty') return {}
  return { errCode: 0, errMsg: '', auth: JSON.stringify({ role: 'member' }) }
}
