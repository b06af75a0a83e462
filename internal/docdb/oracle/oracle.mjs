// Answers questions about documents, one JSON line each, with mingo: the peer that the document engine is compared with.
import * as mingo from 'mingo'
import readline from 'node:readline'

// Dates travel as {"$date": milliseconds}.
const decode = v => {
  if (Array.isArray(v)) return v.map(decode)
  if (v === null || typeof v !== 'object') return v
  if (typeof v.$date === 'number') return new Date(v.$date)
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, decode(x)]))
}
const encode = v => {
  if (v === undefined) return undefined
  if (v instanceof Date) return { $date: v.getTime() }
  if (typeof v === 'number' && !Number.isFinite(v)) return { $number: String(v) }
  if (Array.isArray(v)) return v.map(x => x === undefined ? null : encode(x))
  if (v === null || typeof v !== 'object') return v
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, encode(x)]))
}

function answer({ kind, docs, query, sort, skip, limit, projection, update, multi, pipeline, others }) {
  if (kind === 'find') {
    let cursor = mingo.find(docs, query ?? {}, projection)
    if (sort) cursor = cursor.sort(sort)
    if (skip) cursor = cursor.skip(skip)
    if (limit) cursor = cursor.limit(limit)
    return cursor.all()
  }
  if (kind === 'update') {
    const done = multi ? mingo.updateMany(docs, query, update) : mingo.updateOne(docs, query, update)
    if (done === undefined) throw new Error('no answer')
    return docs
  }
  return mingo.aggregate(docs, pipeline, { collectionResolver: name => name === 'others' ? others : docs })
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let out
  try {
    const raw = JSON.parse(line)
    const question = decode(raw)
    // The order of keys decides sorts; decode keeps it.
    out = { docs: encode(answer(question)) }
  } catch (e) {
    out = { error: String(e && e.message || e) }
  }
  process.stdout.write(JSON.stringify(out) + '\n')
}
