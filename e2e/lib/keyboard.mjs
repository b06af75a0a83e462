// A person without a mouse: Tab, Enter, Space, arrows, Escape and what one types.
import assert from 'node:assert/strict'

import { tabTo } from './page_checks.mjs'

/** Makes a use of the mouse an error of the page, which fails the journey. */
export function withoutMouse(page) {
  return page.context().addInitScript(() => {
    for (const kind of ['pointerdown', 'mousedown']) addEventListener(kind, () => console.error(`the mouse was used: ${kind}`), true)
  })
}

/** Goes to an element and presses a key there. */
export async function press(page, element, key = 'Enter') {
  await tabTo(page, element)
  await page.keyboard.press(key)
}

/** Goes to a field and replaces what it holds; a code editor is a field too. */
export async function type(page, field, text) {
  await tabTo(page, field)
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

/** Goes to a list and steps through it to the option with a label. */
export async function choose(page, list, label) {
  await tabTo(page, list)
  const chosen = () => list.evaluate(e => e.selectedOptions[0].label.trim())
  await page.keyboard.press('Home')
  for (let last; await chosen() !== label; await page.keyboard.press('ArrowDown')) {
    assert.notEqual(last, last = await chosen(), `no option ${label}`)
  }
}

/** Goes to the choice that a group has and steps to another one. */
export async function pick(page, group, radio) {
  await tabTo(page, group.locator('input[type=radio]:checked'))
  for (let i = 0; !await radio.isChecked(); i++) {
    assert.ok(i < 10, 'the arrows reach the choice')
    await page.keyboard.press('ArrowDown')
  }
}

/** Goes to a file input, opens the system's window from there, and names files in it. */
export async function give(page, input, files) {
  await tabTo(page, input)
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Space')])
  await chooser.setFiles(files)
}

/** Waits until an element has the focus. */
export function focused(element) {
  return element.and(element.page().locator(':focus')).waitFor()
}

/** Opens a dialog from a link, checks that the focus is inside, leaves it with Escape, and checks that the link has the focus again; then opens it anew. */
export async function openDialog(page, link) {
  const dialog = page.locator('dialog[open]')
  await press(page, link)
  await dialog.waitFor()
  await dialog.locator(':focus').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await focused(link)
  await page.keyboard.press('Enter')
  await dialog.waitFor()
  return dialog
}
