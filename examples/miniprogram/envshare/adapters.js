// 让原版 @wxcloud/cloud-sdk 在小程序里工作的适配对象。与 SDK 自带示例不同的两处：
// 1. 应答原样交给 SDK，不把单引号换成双引号——那会破坏含单引号的数据；
// 2. getItem 有 return——否则 SDK 拿不到登录凭证。
//
// What lets the genuine @wxcloud/cloud-sdk work in a mini program. Two things differ
// from the example that comes with it:
// 1. answers reach the SDK as they are: to turn ' into " breaks data that holds one;
// 2. getItem returns what it read: without it the SDK sends no access token.
const { adapterWrapper } = require('@wxcloud/cloud-sdk')
const { gateway } = require('../config')

// 小程序里 checkLogin 不看 customDomain，总是请求这里 / checkLogin knows no customDomain in a mini program.
const vendor = 'https://servicewechat.com/wxa-qbase/'

const reqClass = adapterWrapper.requestAdapterWrapper((request, respond) => {
  wx.request({
    url: request.url.startsWith(vendor) ? `${gateway}/__wx__/${request.url.slice(vendor.length)}` : request.url,
    method: request.method,
    header: request.headers,
    data: request.body || {},
    dataType: 'text', // 不解析，SDK 自己解析 / unparsed: the SDK parses by itself
    responseType: request.responseType === 'arraybuffer' ? 'arraybuffer' : 'text',
    success: res => respond({ statusCode: res.statusCode, response: res.data, headers: res.header, statusMessage: res.errMsg }),
    fail: res => respond({ statusCode: res.statusCode || 0, statusMessage: res.errMsg }),
  })
})

class WebSocketOfWeChat {
  constructor(url, protocols) {
    this.task = wx.connectSocket({ url, protocols: protocols || [] })
    for (const [register, name] of [['onOpen', 'onopen'], ['onMessage', 'onmessage'], ['onClose', 'onclose'], ['onError', 'onerror']]) {
      this.task[register](event => this[name] && this[name](event))
    }
  }

  get readyState() {
    return this.task.readyState
  }

  send(data) {
    this.task.send({ data })
  }

  close(code, reason) {
    this.task.close({ code: code || 1000, reason: reason || '' })
  }
}

const storage = {
  setItem: (key, value) => wx.setStorageSync(key, value),
  getItem: key => wx.getStorageSync(key) || null,
}

const network = {
  getNetWorkType: () => 'wifi',
  onNetworkStatusChange: listener => wx.onNetworkStatusChange(listener),
}

module.exports = { reqClass, webSocketClass: WebSocketOfWeChat, localStorage: storage, sessionStorage: storage, network }
