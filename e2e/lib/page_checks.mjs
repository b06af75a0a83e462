// What must hold on every page: no sideways scrolling, nothing serious for axe, a
// heading and a title, and a focus that can be seen.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Checks that the page itself does not scroll sideways at any of the widths. */
export async function fits(page, widths) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    const { content, window } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth, window: document.documentElement.clientWidth,
    }))
    assert.ok(content <= window, `${content - window} px too wide at ${width} px`)
  }
}

/**
 * Checks that axe finds nothing serious or critical.
 * @param {string[]} [rules] these alone
 */
export async function accessible(page, rules) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe)
  const { violations } = await page.evaluate(rules => window.axe.run(document, {
    resultTypes: ['violations'], preload: false, ...(rules ? { runOnly: rules } : { rules: { 'target-size': { enabled: true } } }),
  }), rules)
  const grave = violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
  const list = grave.flatMap(v => v.nodes.map(n => `${v.id} (${v.impact}): ${n.html.slice(0, 200)} ${n.any.map(a => a.message).join(' ')}`))
  assert.deepEqual(list, [])
}

// What depends on colours, and so may differ between the themes.
const ofColours = ['color-contrast', 'link-in-text-block']

/** Audits a page at widths: wholly in one theme, and what depends on colours in the other one too. */
export async function audit(page, widths, theme) {
  const other = theme === 'dark' ? 'light' : 'dark'
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    for (const [colorScheme, rules] of [[theme], [other, ofColours]]) {
      await page.emulateMedia({ colorScheme })
      await accessible(page, rules).catch(error => {
        error.message = `${width} px, ${colorScheme}: ${error.message}`
        throw error
      })
    }
  }
}

/** Checks that a page has one heading of the first level, a title of its own, and begins with a way to its content. */
export async function wellFormed(page) {
  const found = await page.evaluate(() => {
    const first = document.querySelector('a[href], button, input:not([type=hidden]), summary')
    return {
      headings: document.querySelectorAll('h1').length,
      title: /^\S.* · EnvShare$/.test(document.title),
      skips: first.getAttribute('href') === '#main' && document.querySelector('main')?.id === 'main',
    }
  })
  assert.deepEqual(found, { headings: 1, title: true, skips: true })
}

/** Checks that no dialog brings along an id that its page has already: a label would then name the wrong field. */
export async function dialogsFit(page) {
  const twice = await page.evaluate(async () => {
    const links = new Map([...document.querySelectorAll('a[data-opens-dialog]')].map(a => [a.pathname.split('/').pop(), a.href]))
    const found = await Promise.all([...links.values()].map(async address => {
      const dialog = new DOMParser().parseFromString(await (await fetch(address)).text(), 'text/html')
      return [...dialog.querySelectorAll('#dialog-content [id]')].filter(e => document.querySelector(`#${CSS.escape(e.id)}:not(main > div > #dialog-content *)`)).map(e => `${e.id} of ${address}`)
    }))
    return found.flat()
  })
  assert.deepEqual(twice, [])
}

/**
 * Presses Tab until the element has the focus. Whatever has the focus on the way must
 * be seen and show it. A code editor takes Tab for itself; Escape before it leaves, as
 * the page says.
 */
export async function tabTo(page, element, limit = 120) {
  for (let i = 0; i <= limit; i++) {
    const { there, inEditor, unseen } = await element.evaluate(focusOf)
    assert.equal(unseen, '', 'the focus shows')
    if (there) return
    if (inEditor) await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
  }
  assert.fail(`not reached with ${limit} times Tab: ${element}`)
}

/** Runs in the page: whether an element has the focus, and what has it without showing it some frames later. */
async function focusOf(wanted) {
  const outer = document.activeElement
  const active = outer?.shadowRoot?.activeElement ?? outer
  const shows = e => {
    const style = getComputedStyle(e)
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
  }
  const seen = () => {
    if (active.matches('input[type=date], input[type=datetime-local]')) return true // the browser marks the part
    const box = active.getBoundingClientRect()
    return box.width > 0 && box.height > 0 && [active, active.closest('.cm-editor')].some(e => e && shows(e))
  }
  const stop = active && active.tabIndex >= 0 && active !== document.body
  for (let i = 0; stop && !seen(); i++) {
    if (i === 20) return { unseen: active.outerHTML.slice(0, 200) }
    await new Promise(requestAnimationFrame)
  }
  return { there: active === wanted, inEditor: active !== outer, unseen: '' }
}
