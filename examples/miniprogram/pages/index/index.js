const { resourceAppid, resourceEnv } = require('../../config')
const envshare = require('../../envshare/index')

Page({
  data: { status: '…', offers: [], notes: [], picture: '' },

  async onLoad() {
    try {
      await envshare.login()
      this.cloud = new envshare.Cloud({ resourceAppid, resourceEnv })
      const { errCode, errMsg } = await this.cloud.init()
      if (errCode !== 0) throw Object.assign(new Error(errMsg), { errCode, errMsg })
      const { result } = await this.cloud.callFunction({ name: 'hello' })
      const { data } = await this.cloud.database().collection('offers').where({ public: true }).get()
      this.setData({ status: `${result.greeting} ${result.openid}`, offers: data.map(offer => offer.title) })
      this.follow()
    } catch (error) {
      this.refused(error)
    }
  },

  onUnload() {
    if (this.listener) this.listener.close()
  },

  /** 实时跟随自己的便签 / Follows one's own notes. */
  follow() {
    this.listener = this.cloud.database().collection('notes').where({ _openid: '{openid}' }).watch({
      onChange: ({ docs }) => this.setData({ notes: docs.map(note => note.text) }),
      onError: error => this.refused(error),
    })
  },

  async addNote({ detail }) {
    try {
      await this.cloud.database().collection('notes').add({ data: { text: detail.value.text } })
    } catch (error) {
      this.refused(error)
    }
  },

  async upload() {
    try {
      const { tempFiles: [{ tempFilePath }] } = await wx.chooseMedia({ count: 1, mediaType: ['image'] })
      const { fileID } = await this.cloud.uploadFile({ cloudPath: `mini/${Date.now()}.png`, filePath: tempFilePath })
      const { tempFilePath: picture } = await this.cloud.downloadFile({ fileID })
      this.setData({ picture })
    } catch (error) {
      this.refused(error)
    }
  },

  refused(error) {
    this.setData({ status: `✗ ${error.errCode || ''} ${error.errMsg || error.message}` })
  },
})
