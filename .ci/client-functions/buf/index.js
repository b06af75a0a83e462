exports.main = async () => ({ b: Buffer.from([1,2,3,255]) })
