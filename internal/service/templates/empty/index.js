exports.main = async (event, context) => {
}
