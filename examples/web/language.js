// Chinese and English stand in the page side by side; the language of the root
// element decides which is seen.
const button = document.getElementById('language')

function speak(lang) {
  document.documentElement.lang = lang
  button.textContent = lang === 'zh' ? 'EN' : '中文'
}

speak(navigator.language.startsWith('zh') ? 'zh' : 'en')
button.addEventListener('click', () => speak(document.documentElement.lang === 'zh' ? 'en' : 'zh'))

/** A text in both languages. */
export function both(zh, en) {
  const part = (lang, text) => Object.assign(document.createElement('span'), { lang, textContent: text })
  const out = document.createDocumentFragment()
  out.append(part('zh', zh), part('en', en))
  return out
}
