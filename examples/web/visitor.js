// What a visitor without login may and may not do.
import { attempt, demo, showList } from './attempts.js'

const app = new cloud.Cloud({
  identityless: true, resourceAppid: demo.owner, resourceEnv: demo.env, config: { customDomain: location.origin },
})
await app.init() // sends nothing: every call is judged by itself
const db = app.database()

const tries = [
  attempt('notice', 'read-notice', ['读公告', 'read the notices'], async () => {
    const { data } = await db.collection('notice').get()
    showList('notice-list', data.map(d => d.text))
    return data.length
  }),
  attempt('notice', 'write-notice', ['写公告', 'write a notice'], () => db.collection('notice').add({ data: { text: 'visitor' } })),
  attempt('functions', 'hello', ['调用 hello', 'call hello'], async () => (await app.callFunction({ name: 'hello' })).result),
  attempt('functions', 'createOrder', ['调用 createOrder', 'call createOrder'],
    async () => (await app.callFunction({ name: 'createOrder', data: { productId: 'p-001' } })).result),
  attempt('others', 'read-offers', ['读优惠（规则要求登录）', 'read the offers (the rule wants a login)'],
    async () => (await db.collection('offers').where({ public: true }).get()).data.length),
  attempt('others', 'read-products', ['读商品（简易权限：所有人可读）', 'read the products (preset: everybody reads)'],
    async () => (await db.collection('products').get()).data.length),
  attempt('others', 'upload', ['上传文件', 'upload a file'],
    async () => (await app.uploadFile({ cloudPath: 'web/visitor.txt', file: new File(['hello'], 'visitor.txt', { type: 'text/plain' }) })).fileID),
]

async function all() {
  for (const tryIt of tries) await tryIt()
}

document.getElementById('again').addEventListener('click', all)
await all()
