// 数据库示例：在集合 todos 里新增、修改、删除、查询记录。
// Database sample: adds, changes, removes and lists records of the collection
// todos.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

const db = cloud.database()
const _ = db.command

// 云函数拥有本环境的全部权限，所以只处理当前用户自己的记录；控制台测试时没有用户
// code in a function holds all rights on this environment, so it keeps to the
// records of the user that calls; a test run of the console has no user
const todos = db.collection('todos')
const owner = () => cloud.getWXContext().OPENID || 'console'

const actions = {
  async add({ text }) {
    if (typeof text !== 'string' || text === '') throw new Error('text is needed')
    return todos.add({ data: { _openid: owner(), text, done: false, createdAt: db.serverDate() } })
  },

  async done({ id }) {
    return todos.where({ _id: id, _openid: owner() }).update({ data: { done: true, changes: _.inc(1) } })
  },

  async remove({ id }) {
    return todos.where({ _id: id, _openid: owner() }).remove()
  },

  async list() {
    return todos.where({ _openid: owner() }).orderBy('createdAt', 'desc').limit(20).get()
  },
}

// 集合不存在时先创建 / make the collection when it is not there
async function ensureCollection() {
  try {
    await db.createCollection('todos')
  } catch (error) {
    console.log('todos', error.errCode || error.message)
  }
}

// event 的例子 / events: { "action": "add", "text": "milk" }, { "action": "list" }
exports.main = async (event) => {
  const action = actions[event.action || 'list']
  if (!action) throw new Error(`unknown action: ${event.action}`)
  await ensureCollection()
  return action(event)
}
