// Lists of things to try: what each does, and whether it was allowed.
import { both } from './language.js'

/** The app and environment of the demo (examples/demo/envshare.yaml). */
export const demo = { account: 'wx77aa66bb55cc44dd', owner: 'wxe0e2656d74f0bff3', env: 'test-f96b31' }

/** Code and text of a refusal. What refused a function stands in the last line of the SDK's text. */
function reason(error) {
  const text = String(error?.errMsg ?? error?.message ?? error)
  const [, code, rest] = text.match(/\n(-?\d{4,}) (.*)$/s) ?? text.match(/errCode: (-?\d+) (.*)$/s) ?? [undefined, error?.errCode ?? '', text]
  const [zh, en = zh] = rest.replace(/ \(callId.*$/s, '').split(' / ') // the gateway speaks both
  return { code, text: both(zh, en) }
}

/**
 * Adds a line to a list with a button that tries something.
 * @param {string} list id of the list
 * @param {string} name of the line, for whoever looks for it in the page
 * @param {[string, string]} label Chinese and English
 * @param {() => Promise<unknown>} run what is tried; what it returns is shown
 * @returns {() => Promise<unknown>} tries it now
 */
export function attempt(list, name, label, run) {
  const item = document.createElement('li')
  item.dataset.attempt = name
  const button = document.createElement('button')
  button.type = 'button'
  button.append(both(...label))
  const result = document.createElement('output')
  item.append(button, result)
  document.getElementById(list).append(item)

  const settle = (state, word, detail) => {
    item.dataset.state = state
    const mark = document.createElement('strong')
    mark.append(both(...word))
    result.replaceChildren(mark, ' ', ...detail)
  }
  const attemptNow = async () => {
    delete item.dataset.state
    result.replaceChildren()
    button.disabled = true
    try {
      const value = await run()
      settle('allowed', ['✓ 放行', '✓ allowed'], value === undefined ? [] : [typeof value === 'string' ? value : JSON.stringify(value)])
      return value
    } catch (error) {
      const { code, text } = reason(error)
      item.dataset.code = code
      settle('refused', ['✗ 拒绝', '✗ refused'], [`${code} `, text])
      return undefined
    } finally {
      button.disabled = false
    }
  }
  button.addEventListener('click', attemptNow)
  return attemptNow
}

/** Shows texts as a list. */
export function showList(id, texts) {
  document.getElementById(id).replaceChildren(...texts.map(text => Object.assign(document.createElement('li'), { textContent: text })))
}
