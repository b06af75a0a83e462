// 文件：SDK 的 uploadFile、downloadFile 在小程序里不能用，这里用 wx.uploadFile、wx.downloadFile 完成。
// Files: the SDK's own uploadFile and downloadFile do not work in a mini program; wx.uploadFile and wx.downloadFile do it here.
const { accessToken, post, renew } = require('./login')

const tokenOver = 42001

/** 请求上传凭据 / Asks for a ticket to upload with. */
async function ticketFor({ resourceAppid, resourceEnv }, path) {
  const ask = () => post('/__wx__/jsoperatewxdata', {
    appid: resourceAppid,
    data: {
      qbase_api_name: 'tcbapi_cos_uploadfile',
      qbase_req: JSON.stringify({ path }),
      qbase_options: { resourceAppid, resourceEnv, appid: resourceAppid, env: resourceEnv },
      qbase_meta: { session_id: `${Date.now()}`, sdk_version: 'wx-web-sdk/PURE_1.0.4 (1663921116000)' },
      cli_req_id: `${Date.now()}_${Math.random()}`,
    },
    access_token: accessToken(),
  })
  const answer = await ask().catch(async error => {
    if (error.errCode !== tokenOver) throw error
    await renew()
    return ask()
  })
  const ticket = JSON.parse(answer.data)
  const { errcode, errmsg } = ticket.baseresponse
  if (errcode !== 0) throw Object.assign(new Error(errmsg), { errCode: errcode, errMsg: errmsg })
  return ticket
}

/** 上传一个本地文件 / Uploads a local file: { cloudPath, filePath } → { fileID, statusCode }. */
async function uploadFile(place, { cloudPath, filePath }) {
  const ticket = await ticketFor(place, cloudPath)
  const { statusCode } = await new Promise((success, fail) => {
    wx.uploadFile({
      url: ticket.url, filePath, name: 'file',
      formData: { key: cloudPath, signature: ticket.authorization, 'x-cos-security-token': ticket.token, 'x-cos-meta-fileid': ticket.cos_file_id },
      success: res => (res.statusCode < 300 ? success(res) : fail(Object.assign(new Error(res.data), { errMsg: res.data }))),
      fail,
    })
  })
  return { fileID: ticket.file_id, statusCode, errMsg: 'cloud.uploadFile:ok' }
}

/** 下载一个文件 / Downloads a file: { fileID } → { tempFilePath, statusCode }. */
async function downloadFile(instance, { fileID }) {
  const { fileList: [file] } = await instance.getTempFileURL({ fileList: [fileID] })
  if (file.status !== 0) throw Object.assign(new Error(file.errMsg), { errCode: file.status, errMsg: file.errMsg })
  return new Promise((success, fail) => wx.downloadFile({ url: file.tempFileURL, success, fail }))
}

module.exports = { uploadFile, downloadFile }
