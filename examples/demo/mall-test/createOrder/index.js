// 下单示例：参数有误时抛出异常，调用方会收到原文。
// Creates an order; a wrong parameter throws, and the caller sees the text.
exports.main = async event => {
  if (!event.productId) throw new Error('productId is required')
  return { orderId: `${Date.now()}`, productId: event.productId, count: event.count || 1 }
}
