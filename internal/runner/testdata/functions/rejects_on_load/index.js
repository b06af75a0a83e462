Promise.reject(new Error('nobody waits'));
exports.main = async () => 1;
