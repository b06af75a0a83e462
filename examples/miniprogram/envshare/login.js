// 登录：wx.login 的 code 换成 EnvShare 的凭证，再交给 SDK 的 checkLogin。
// Login: the code of wx.login becomes tokens of EnvShare, which the SDK's checkLogin takes.
const { appid, gateway, simulatedPerson } = require('../config')

function post(path, data) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: gateway + path, method: 'POST', header: { 'Content-Type': 'application/json' }, data, dataType: 'json',
      success: ({ data: answer }) => {
        const { ret, errmsg } = answer.base_resp
        if (ret === 0) resolve(answer)
        else reject(Object.assign(new Error(errmsg), { errCode: ret, errMsg: errmsg }))
      },
      fail: reject,
    })
  })
}

function code() {
  return new Promise((resolve, reject) => {
    if (!simulatedPerson) {
      wx.login({ success: res => resolve(res.code), fail: reject })
      return
    }
    wx.request({
      url: `${gateway}/simulator/simulator/code?appid=${appid}&person=${simulatedPerson}`,
      success: res => resolve(res.data.code), fail: reject,
    })
  })
}

let tokens

/** 登录，返回凭证 / Logs in and returns the tokens. */
async function login(cloud) {
  const answer = await post('/__wx__/login', { appid, code: await code() })
  tokens = { accessToken: answer.access_token, refreshToken: answer.refresh_token }
  // 两个凭证都给：SDK 否则会去读网页地址 / Both tokens: the SDK would look for a page's address otherwise.
  const { loggedIn } = await cloud.checkLogin({ provider: 'OfficialAccount', appid, ignoreUrl: true, ...tokens })
  if (!loggedIn) throw new Error('login refused')
  return tokens
}

/** 延长同一个凭证，SDK 也这样做 / Gives the same token more time, as the SDK does. */
function renew() {
  return post('/__wx__/refresh_token', { appid, refresh_token: null, access_token: tokens.accessToken })
}

module.exports = { login, post, renew, accessToken: () => tokens.accessToken }
