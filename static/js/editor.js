/*
 * What JavaScript adds to pages with code: an editor in the place of each
 * <textarea data-editor>, loaded only where there is one; opening another file
 * saves the present one first; rows of environment variables. Every page works
 * without this file.
 */
(() => {
  'use strict';

  const bundle = document.currentScript.dataset.editorBundle;
  let loading;

  function load() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = bundle;
      script.onload = () => resolve(globalThis.envshareEditor);
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  }

  function enhance() {
    const areas = document.querySelectorAll('textarea[data-editor]:not([data-editor-mounted])');
    if (areas.length > 0) load().then((editor) => areas.forEach(editor.mount), () => {});
    document.querySelectorAll('[data-submits]').forEach((select) => {
      const button = select.form.querySelector('[data-submit-button]');
      if (button) button.hidden = true;
    });
    document.querySelectorAll('[data-variables]').forEach(trimRows);
  }

  /* ---- The working copy: nothing typed is lost by opening another file. ---- */

  const initial = new WeakMap();
  const codeForm = () => document.querySelector('[data-code-form]');
  const typed = (form) => form.elements.content;

  function dirty(form) {
    const area = typed(form);
    return area && !area.readOnly && initial.has(form) && initial.get(form) !== area.value;
  }

  function remember() {
    const form = codeForm();
    if (form && typed(form) && !initial.has(form)) initial.set(form, typed(form).value);
  }

  document.addEventListener('click', (event) => {
    const link = event.target.closest('[data-code-file]');
    const form = codeForm();
    if (!link || !form || !dirty(form) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    form.elements.next.value = link.dataset.codeFile;
    form.requestSubmit();
  });

  let leaving = false;
  document.addEventListener('submit', (event) => {
    if (event.target === codeForm()) leaving = true;
  });

  addEventListener('beforeunload', (event) => {
    const form = codeForm();
    if (!leaving && form && dirty(form)) event.preventDefault();
  });
  addEventListener('pageshow', () => { leaving = false; });

  /* ---- A choice that is its own button, and a button that htmx leaves alone. ---- */

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-submits]')) event.target.form.requestSubmit();
  });

  document.addEventListener('submit', (event) => {
    if (event.submitter && event.submitter.matches('[data-plain]')) event.stopPropagation();
  }, true);

  /* ---- Environment variables ---- */

  const rowsOf = (box) => Array.from(box.querySelectorAll('[data-variable-row]'));
  const fieldsOf = (row) => Array.from(row.querySelectorAll('input, textarea'));
  const empty = (row) => fieldsOf(row).every((field) => field.value === '' && !field.readOnly);

  // Without JavaScript empty rows wait to be filled in; here one is enough.
  function trimRows(box) {
    const spare = rowsOf(box).filter(empty);
    spare.slice(1).forEach((row) => row.remove());
  }

  function addRow(box, name = '', value = '') {
    const rows = rowsOf(box);
    const row = rows[rows.length - 1].cloneNode(true);
    const number = 1 + Math.max(...rows.map((r) => Number(fieldsOf(r)[0].id.split('-').pop())));
    fieldsOf(row).forEach((field, i) => {
      const label = row.querySelectorAll('label')[i];
      field.id = field.id.replace(/\d+$/, number);
      label.htmlFor = field.id;
      label.textContent = label.textContent.replace(/\d+$/, number);
      field.value = i === 0 ? name : value;
    });
    rows[rows.length - 1].after(row);
    return row;
  }

  document.addEventListener('click', (event) => {
    const box = event.target.closest('[data-variables]');
    if (!box) return;
    if (event.target.closest('[data-variable-add]')) fieldsOf(addRow(box))[0].focus();
    const remove = event.target.closest('[data-variable-remove]');
    if (!remove) return;
    const row = remove.closest('[data-variable-row]');
    const rows = rowsOf(box);
    if (rows.length === 1) {
      fieldsOf(row).forEach((field) => { field.value = ''; });
      fieldsOf(row)[0].focus();
      return;
    }
    const next = rows[rows.indexOf(row) + 1] || rows[rows.indexOf(row) - 1];
    row.remove();
    fieldsOf(next)[0].focus();
  });

  // Lines KEY=VALUE that are pasted into a name become rows.
  document.addEventListener('paste', (event) => {
    const name = event.target.closest('input[name="variable_name"]');
    const lines = name && event.clipboardData.getData('text').split(/\r?\n/).filter((line) => /^[A-Za-z_]\w*=/.test(line.trim()));
    if (!lines || lines.length === 0 || name.readOnly) return;
    event.preventDefault();
    const box = name.closest('[data-variables]');
    const pairs = lines.map((line) => line.trim().split(/=(.*)/s));
    const first = name.closest('[data-variable-row]');
    const [firstName, firstValue] = fieldsOf(first);
    if (empty(first)) [firstName.value, firstValue.value] = pairs.shift();
    for (const [key, value] of pairs) addRow(box, key, value);
  });

  document.addEventListener('DOMContentLoaded', enhance);
  document.addEventListener('DOMContentLoaded', remember);
  document.addEventListener('htmx:afterSettle', () => { enhance(); remember(); });
})();
