// Notes of one's own, followed live.
import { attempt } from './attempts.js'
import { both } from './language.js'

/** Fills the panel of notes. */
export function showNotes(db) {
  const notes = db.collection('notes')
  const list = document.getElementById('note-list')
  const state = document.getElementById('watch')
  const mine = notes.where({ _openid: '{openid}' }) // the server puts the caller's openid there

  const row = doc => {
    const item = document.createElement('li')
    const remove = document.createElement('button')
    remove.type = 'button'
    remove.append(both('删除', 'delete'))
    remove.addEventListener('click', () => notes.doc(doc._id).remove())
    item.append(doc.text, remove)
    return item
  }
  mine.watch({
    onChange: ({ docs }) => {
      state.textContent = `✓ ${docs.length}`
      list.replaceChildren(...docs.map(row))
    },
    onError: error => {
      state.textContent = `✗ ${error.errCode ?? ''} ${error.errMsg ?? error.message}`
      state.dataset.state = 'ended'
    },
  })

  const text = document.getElementById('note-text')
  const add = attempt('notes', 'add-note', ['写入便签', 'add the note'], () => notes.add({ data: { text: text.value || '…' } }))
  document.getElementById('note-form').addEventListener('submit', async event => {
    event.preventDefault()
    if (await add() !== undefined) text.value = ''
  })
  attempt('notes', 'read-notes', ['读我的便签', 'read my notes'], async () => (await mine.get()).data.length)
  attempt('notes', 'read-everybody', ['读所有人的便签', 'read everybody’s notes'], async () => (await notes.get()).data.length)
  attempt('notes', 'forge', ['冒充别人写入', 'write as somebody else'], () => notes.add({ data: { text: 'forged', _openid: 'somebody-else' } }))
}
