const cloud = require('wx-server-sdk'); cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
exports.main = async event => {
  const db = cloud.database(), runs = db.collection('conf_runs')
  await runs.add({ data: { tag: event.tag || '' } })
  await new Promise(r => setTimeout(r, event.ms))
  const { total } = await runs.where({ tag: event.tag || '' }).count()
  return { slept: event.ms, runs: total }
}
