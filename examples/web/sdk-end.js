window.cloud = module.exports.initCloud()
module = undefined
