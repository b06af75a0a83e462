// 商品列表；谁在调用，由 getWXContext() 得知。
// The list of products; getWXContext() tells who is calling.
const cloud = require('wx-server-sdk')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

const products = [
  { id: 'p1', name: '青瓷茶杯', price: 6800 },
  { id: 'p2', name: '棉麻围巾', price: 12900 },
]

exports.main = async event => {
  const { APPID, ENV, FROM_APPID, SOURCE } = cloud.getWXContext()
  const list = products.filter(p => !event.keyword || p.name.includes(event.keyword))
  return { products: list, calledBy: FROM_APPID || APPID, context: { APPID, ENV, FROM_APPID, SOURCE } }
}
