// What a user of the official account may and may not do in the shared environment.
import { attempt, demo, showList } from './attempts.js'
import { both } from './language.js'
import { showNotes } from './notes.js'
import { checkLogin, logOut, startLogin, takeReturn } from './session.js'

const at = id => document.getElementById(id)

function warn(zh, en, detail = '') {
  at('alert').replaceChildren(both(zh, en), detail && ` ${detail}`)
  at('alert').hidden = false
}

const { tokens, refused } = takeReturn()
if (refused) {
  warn('这次登录不是从本页面发起的，已拒绝（state 不符）。', 'Refused: this login was not started by this page (its state differs).')
}
let loggedIn = false
try {
  loggedIn = await checkLogin(tokens)
} catch (error) {
  warn('登录失败：', 'Login failed:', error.errMsg ?? error.message)
}
at(loggedIn ? 'signed-in' : 'signed-out').hidden = false
at('log-in').addEventListener('click', startLogin)
at('log-out').addEventListener('click', async () => {
  await logOut()
  location.reload()
})
if (loggedIn) await enter()

/** The handshake: share, cloudbase_auth, verdict. Nothing works before it. */
async function enter() {
  const app = new cloud.Cloud({ appid: demo.account, resourceAppid: demo.owner, resourceEnv: demo.env, traceUser: true })
  let said
  try {
    said = await app.init()
  } catch (error) {
    said = error
  }
  at('init').textContent = said.errCode === 0 ? '✓ errCode 0' : `✗ ${said.errCode} ${said.errMsg}`
  at('signed-in').dataset.init = said.errCode
  if (said.errCode !== 0) return
  at('panels').hidden = false
  const level = await offers(app.database())
  at('level').textContent = level
  await functions(app)
  files(app)
  showNotes(app.database())
}

async function offers(db) {
  const collection = db.collection('offers')
  const read = async query => {
    const { data } = await query.get()
    showList('offer-list', data.map(d => d.title))
    return data.length
  }
  const publicOnes = attempt('offers', 'public-offers', ['读公开的优惠', 'read the public offers'], () => read(collection.where({ public: true })))
  const allOffers = attempt('offers', 'all-offers', ['读全部优惠（金卡）', 'read all offers (gold)'], () => read(collection))
  const write = attempt('offers', 'write-offer', ['改优惠', 'change an offer'], () => collection.doc('o-001').update({ data: { title: 'mine' } }))
  await publicOnes()
  const gold = await allOffers() !== undefined
  await write()
  return gold ? 'gold' : 'guest'
}

async function functions(app) {
  const call = async (name, data) => (await app.callFunction({ name, data })).result
  const hello = attempt('functions', 'hello', ['调用 hello', 'call hello'], () => call('hello'))
  const order = attempt('functions', 'createOrder', ['调用 createOrder（金卡）', 'call createOrder (gold)'], () => call('createOrder', { productId: 'p-001' }))
  attempt('functions', 'cloudbase_auth', ['调用 cloudbase_auth', 'call cloudbase_auth'], () => call('cloudbase_auth'))
  const who = await hello()
  at('openid').textContent = who?.openid ?? '?'
  at('appid').textContent = who?.fromAppid ?? '?'
  await order()
}

function files(app) {
  let uploaded
  attempt('files', 'upload', ['上传所选文件', 'upload the file chosen'], async () => {
    const [file] = at('file').files
    if (!file) throw new Error('先选择一个文件 / choose a file first')
    uploaded = (await app.uploadFile({ cloudPath: `web/${crypto.randomUUID()}/${file.name}`, file })).fileID
    const { fileList } = await app.getTempFileURL({ fileList: [uploaded] })
    show(file, fileList[0].tempFileURL)
    return uploaded
  })
  attempt('files', 'delete', ['删除刚上传的文件', 'delete that file'], async () => {
    const { fileList } = await app.deleteFile({ fileList: [uploaded ?? ''] })
    if (fileList[0].status !== 0) throw { errCode: fileList[0].status, errMsg: fileList[0].errMsg }
    at('shown').replaceChildren()
  })
  attempt('files', 'delete-foreign', ['删除商城的文件', 'delete a file of the mall'], async () => {
    const { fileList } = await app.deleteFile({ fileList: [`cloud://${demo.env}.7465-${demo.env}/welcome.txt`] })
    if (fileList[0].status !== 0) throw { errCode: fileList[0].status, errMsg: fileList[0].errMsg }
  })
}

function show(file, url) {
  const link = Object.assign(document.createElement('a'), { href: url, textContent: file.name, target: '_blank', rel: 'noopener' })
  at('shown').replaceChildren(link)
  if (file.type.startsWith('image/')) at('shown').append(Object.assign(document.createElement('img'), { src: url, alt: file.name }))
}
