/*
 * The code editor: CodeMirror over a <textarea data-editor>, bundled into
 * static/js/vendor/editor.js. The textarea stays in the form and keeps the value,
 * so the form works the same with and without this file.
 *
 * The editor lives in a shadow root: there CodeMirror puts its styles into
 * adoptedStyleSheets instead of a <style> element, which the page's policy forbids.
 */
import { indentWithTab } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';

const color = (name, alpha) => `rgb(var(--${name})${alpha ? ` / ${alpha}` : ''})`;

// Colours are the tokens of static/css/input.css, which reach into the shadow root
// and change with the theme.
const theme = EditorView.theme({
  '&': {
    height: 'min(calc(var(--editor-lines) * 20px + 12px), 75vh)',
    backgroundColor: color('surface'), color: color('ink'), fontSize: '13px',
    border: `1px solid ${color('control')}`, borderRadius: '6px', overflow: 'hidden',
  },
  '&.cm-focused': { outline: `2px solid ${color('brand')}`, borderColor: color('brand') },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.55', overflow: 'auto' },
  '.cm-content': { caretColor: color('ink') },
  '.cm-cursor': { borderLeftColor: color('ink') },
  '.cm-gutters': { backgroundColor: color('sunken'), color: color('faint'), border: 'none' },
  '.cm-activeLineGutter': { backgroundColor: color('line'), color: color('ink') },
  '.cm-activeLine': { backgroundColor: color('sunken', '0.6') },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: color('brand', '0.22') },
  '.cm-selectionMatch': { backgroundColor: color('warn-soft') },
  '.cm-searchMatch': { backgroundColor: color('warn-soft'), outline: `1px solid ${color('warn')}` },
  '.cm-searchMatch-selected': { backgroundColor: color('brand-soft'), outline: `1px solid ${color('brand')}` },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: color('brand-soft'), outline: `1px solid ${color('brand', '0.5')}` },
  '.cm-foldPlaceholder': { backgroundColor: color('sunken'), border: `1px solid ${color('line')}`, color: color('muted') },
  '.cm-panels': { backgroundColor: color('sunken'), color: color('ink') },
  '.cm-panels-bottom': { borderTop: `1px solid ${color('line')}` },
  '.cm-panel label': { fontSize: '12px' },
  '.cm-panel.cm-search': { padding: '8px 32px 8px 8px' },
  '.cm-textfield': { backgroundColor: color('surface'), color: color('ink'), border: `1px solid ${color('control')}`, borderRadius: '4px', fontSize: '13px', padding: '3px 6px' },
  '.cm-button': { backgroundColor: color('surface'), backgroundImage: 'none', color: color('ink'), border: `1px solid ${color('line-strong')}`, borderRadius: '4px', fontSize: '12px', padding: '3px 8px' },
  '.cm-panel button[name=close]': { color: color('muted'), fontSize: '18px', cursor: 'pointer' },
  '.cm-tooltip': { backgroundColor: color('surface'), color: color('ink'), border: `1px solid ${color('line')}` },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: color('brand-soft'), color: color('brand-ink') },
});

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: color('lent') },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: color('brand-ink') },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: color('warn') },
  { tag: [tags.comment], color: color('faint'), fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], fontWeight: '600' },
  { tag: [tags.propertyName], color: color('ink') },
  { tag: [tags.invalid], color: color('danger') },
]);

const languages = { javascript: () => [javascript({ jsx: true })], json: () => [json()], text: () => [] };

const textOf = (ids) => (ids || '').split(' ').map((id) => document.getElementById(id)?.textContent.trim()).filter(Boolean).join(' ');

// Names that the document gives by id do not reach into a shadow root.
function labels(area) {
  const label = area.labels[0]?.textContent.trim().replace(/\s+/g, ' ') || area.getAttribute('aria-label') || '';
  const attributes = { 'aria-label': label, 'aria-multiline': 'true', tabindex: '0' };
  const described = textOf(area.getAttribute('aria-describedby'));
  if (described) attributes['aria-description'] = described;
  if (area.getAttribute('aria-invalid')) attributes['aria-invalid'] = 'true';
  if (area.readOnly) attributes['aria-readonly'] = 'true';
  return attributes;
}

/** Puts an editor in the place of a textarea. */
function mount(area) {
  if (area.dataset.editorMounted) return;
  area.dataset.editorMounted = 'yes';
  const words = JSON.parse(area.dataset.editorWords || '{}');
  const host = document.createElement('div');
  host.className = 'editor';
  host.style.setProperty('--editor-lines', area.rows);
  const root = host.attachShadow({ mode: 'open' });

  const state = EditorState.create({
    doc: area.value,
    extensions: [
      keymap.of([{ key: 'Mod-s', preventDefault: true, run: () => save(area) }, indentWithTab]),
      basicSetup,
      ...(languages[area.dataset.editor] || languages.text)(),
      syntaxHighlighting(highlight),
      theme,
      indentUnit.of('  '),
      EditorState.tabSize.of(2),
      EditorState.readOnly.of(area.readOnly),
      EditorState.phrases.of(words),
      EditorView.contentAttributes.of(labels(area)),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        area.value = update.state.doc.toString();
        area.dispatchEvent(new Event('input', { bubbles: true }));
      }),
    ],
  });
  const label = area.labels[0];
  area.before(host);
  const view = new EditorView({ state, parent: root, root });
  area.hidden = true;
  if (label) {
    label.removeAttribute('for');
    label.addEventListener('click', () => view.focus());
  }
  if (words.hint && !area.readOnly) {
    const hint = document.createElement('p');
    hint.className = 'mt-1 text-xs text-faint';
    hint.textContent = words.hint;
    host.after(hint);
  }
  if (area.getAttribute('aria-invalid') || area.hasAttribute('autofocus')) view.focus();
}

function save(area) {
  if (!area.form || !area.form.matches('[data-code-form]')) return false;
  area.form.requestSubmit();
  return true;
}

globalThis.envshareEditor = { mount };
