// 改成自己的 / Put your own here.
module.exports = {
  // 网关地址；正式版必须是 https，并登记为 request、socket、uploadFile、downloadFile 合法域名。
  // The gateway. A released mini program needs https, and this host on its four lists of domains.
  gateway: 'http://127.0.0.1:8081',

  // 本小程序 / This mini program.
  appid: 'wx1f2e3d4c5b6a7988',

  // 资源方与环境 / Whose environment, and which.
  resourceAppid: 'wxe0e2656d74f0bff3',
  resourceEnv: 'test-f96b31',

  // 配合 envshare serve --demo 试用：由微信模拟器代替 wx.login；正式版留空。
  // To try it with envshare serve --demo: the simulator stands in for wx.login. Leave it empty in a release.
  simulatedPerson: 'ming',
}
