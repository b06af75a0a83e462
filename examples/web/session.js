// Login of an official account's user on a page. The state ties the way back from
// WeChat to this browser tab: whoever sends somebody a link with tokens of their
// own (login CSRF) does not know it.
import { demo } from './attempts.js'

const stateKey = 'envshare.demo.state'

/** Leaves for the authorise page. The SDK's startLogin works on ports 80 and 443 only, and always goes to WeChat's own page. */
export function startLogin() {
  const state = crypto.randomUUID()
  sessionStorage.setItem(stateKey, state)
  const page = location.origin + location.pathname
  const back = `${location.origin}/__wx__/oauth?redirect_uri=${encodeURIComponent(page)}`
  const query = new URLSearchParams({ appid: demo.account, redirect_uri: back, response_type: 'code', scope: 'snsapi_userinfo', state })
  location.assign(`/simulator/connect/oauth2/authorize?${query}#wechat_redirect`)
}

/**
 * Reads what the address carries and strips it at once, so that tokens stay in no
 * history and no reload repeats them.
 * @returns {{tokens?: {accessToken: string, refreshToken: string}, refused?: boolean}}
 */
export function takeReturn() {
  const query = new URLSearchParams(location.search)
  const accessToken = query.get('access_token')
  const refreshToken = query.get('refresh_token')
  if (location.search) history.replaceState(null, '', location.pathname)
  if (!accessToken && !refreshToken) return {}
  const expected = sessionStorage.getItem(stateKey)
  sessionStorage.removeItem(stateKey)
  if (!expected || query.get('state') !== expected) return { refused: true }
  return { tokens: { accessToken, refreshToken } }
}

/** Whether somebody is logged in; tokens that are absent come from the SDK's own storage. */
export async function checkLogin(tokens = {}) {
  const { loggedIn } = await cloud.checkLogin({ provider: 'OfficialAccount', appid: demo.account, ignoreUrl: true, ...tokens })
  return loggedIn
}

const stored = kind => `wxcloudbase_OfficialAccount_${demo.account}_${kind}_token`

/** Ends the login here and on the server. */
export async function logOut() {
  const body = JSON.stringify({ access_token: localStorage.getItem(stored('access')) })
  for (const kind of ['access', 'refresh']) localStorage.removeItem(stored(kind))
  const answer = await fetch('/__wx__/logout', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  return answer.json()
}
