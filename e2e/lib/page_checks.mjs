// What must hold on every page: no sideways scrolling, nothing serious for axe,
// and a focus that can be seen.
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

/** Checks that axe finds nothing serious or critical. */
export async function accessible(page) {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  const grave = violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
  const list = grave.flatMap(v => v.nodes.map(n => `${v.id} (${v.impact}): ${n.html.slice(0, 200)} ${n.any.map(a => a.message).join(' ')}`))
  assert.deepEqual(list, [])
}

/**
 * Presses Tab until the element has the focus, and checks that one sees it there. A
 * code editor takes Tab for itself; Escape before it leaves, as the page says.
 */
export async function tabTo(page, element, limit = 60) {
  for (let i = 0; i < limit; i++) {
    if (await page.evaluate(() => Boolean(document.activeElement?.shadowRoot))) await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    if (await element.evaluate(e => e === document.activeElement)) {
      const seen = await element.evaluate(e => {
        const style = getComputedStyle(e)
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
      })
      assert.ok(seen, 'the focus shows')
      return
    }
  }
  assert.fail(`not reached with ${limit} times Tab`)
}
