exports.main = async () => ({ errCode: 0, errMsg: '' })
