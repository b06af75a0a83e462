exports.main = async () => 'plain string'
