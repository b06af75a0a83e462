/*
 * Uploads on the page of a folder: files or folders that are dropped on the form,
 * or chosen in it, are sent one after the other, with their progress. Without this
 * file the form sends them all at once.
 */
(() => {
  'use strict';

  const one = (selector, root = document) => root.querySelector(selector);
  const formOf = (event) => event.target instanceof Element && event.target.closest('form[data-upload]');

  let running = null; // { xhr, cancelled } while files are sent

  /* ---- What was dropped: files, and folders with their structure ---- */

  const entries = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

  // readEntries gives a folder's content in portions, the last one empty.
  async function collect(entry, folder, found) {
    if (entry.isFile) {
      found.push({ path: folder + entry.name, file: await fileOf(entry) });
      return;
    }
    const reader = entry.createReader();
    for (let part = await entries(reader); part.length > 0; part = await entries(reader)) {
      for (const child of part) await collect(child, `${folder}${entry.name}/`, found);
    }
  }

  // The list of items is empty after the event: it is read before anything waits.
  function dropped(transfer) {
    const items = Array.from(transfer.items || []).filter((item) => item.kind === 'file');
    const tops = items.map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    if (tops.length === 0) return Promise.resolve(chosen(transfer.files));
    const found = [];
    return tops.reduce((before, top) => before.then(() => collect(top, '', found)), Promise.resolve()).then(() => found);
  }

  const chosen = (files) => Array.from(files).map((file) => ({ path: file.webkitRelativePath || file.name, file }));

  /* ---- Sending ---- */

  function row(form, item) {
    const list = one('[data-upload-list]');
    const li = one('[data-upload-row]').content.firstElementChild.cloneNode(true);
    one('[data-name]', li).textContent = item.path;
    one('progress', li).setAttribute('aria-label', item.path);
    one('[data-state]', li).textContent = form.dataset.waiting;
    list.append(li);
    return li;
  }

  // The error of a page that answers: beside a field, or the message of an error page.
  function reasonIn(html, fallback) {
    const page = new DOMParser().parseFromString(html || '', 'text/html');
    const said = one('[data-testid="field-error"]', page) || one('[data-testid="error-message"]', page);
    return said ? said.textContent.trim() : fallback;
  }

  function send(form, folder, item, li) {
    if (item.file.size > Number(form.dataset.max)) return Promise.resolve(form.dataset.tooLarge);
    const body = new FormData();
    body.append('_csrf', form.elements._csrf.value);
    body.append('folder', folder);
    body.append('files', item.file, item.path);
    return new Promise((resolve) => {
      const xhr = new XMLHttpRequest();
      running.xhr = xhr;
      xhr.open('POST', form.action);
      xhr.setRequestHeader('X-Upload', '1');
      xhr.upload.addEventListener('progress', (event) => {
        if (!event.lengthComputable) return;
        const percent = Math.floor(event.loaded * 100 / event.total);
        one('progress', li).value = percent;
        one('[data-state]', li).textContent = `${percent}%`;
      });
      xhr.addEventListener('load', () => resolve(xhr.status === 204 ? '' : reasonIn(xhr.responseText, form.dataset.failed)));
      xhr.addEventListener('error', () => resolve(form.dataset.failed));
      xhr.addEventListener('abort', () => resolve(form.dataset.cancelled));
      xhr.send(body);
    });
  }

  function show(li, form, why) {
    one('[data-state]', li).textContent = why ? '' : form.dataset.stored;
    const progress = one('progress', li);
    if (!why) progress.value = 100;
    progress.hidden = Boolean(why);
    const box = one('[data-error]', li);
    box.textContent = why;
    box.hidden = !why;
  }

  const summary = (form, done, total, failed) => {
    one('[data-upload-status]').textContent = form.dataset.summary
      .replace('{done}', done).replace('{total}', total).replace('{failed}', failed);
  };

  async function upload(form, items) {
    if (running || items.length === 0) return;
    running = { xhr: null, cancelled: false };
    const folder = form.elements.folder.value;
    const button = one('button[type="submit"]', form);
    const cancel = one('[data-upload-cancel]', form);
    one('[data-upload-progress]').hidden = false;
    one('[data-upload-list]').replaceChildren();
    button.disabled = true;
    cancel.hidden = false;
    const rows = items.map((item) => row(form, item));
    let done = 0;
    let failed = 0;
    summary(form, done, items.length, failed);
    for (let i = 0; i < items.length; i++) {
      const why = running.cancelled ? form.dataset.cancelled : await send(form, folder, items[i], rows[i]);
      if (why) failed++; else done++;
      show(rows[i], form, why);
      summary(form, done, items.length, failed);
    }
    running = null;
    button.disabled = false;
    cancel.hidden = true;
    form.elements.files.value = '';
    if (done > 0) await refresh(form, folder, failed);
  }

  const addressOf = (form, folder) => (folder ? `${form.action}?folder=${encodeURIComponent(folder)}` : form.action);

  // The list shows what is new. Another folder than the one on the page is opened,
  // unless there are errors to read.
  async function refresh(form, typed, failed) {
    const name = typed.trim().replace(/^\/+|\/+$/g, '');
    const folder = name && `${name}/`;
    const shown = form.dataset.upload;
    if (folder !== shown && failed === 0) {
      location.assign(addressOf(form, folder));
      return;
    }
    const answer = await fetch(addressOf(form, shown)).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = one('#folder', new DOMParser().parseFromString(await answer.text(), 'text/html'));
    if (!fresh) return;
    one('#folder').replaceWith(fresh);
    if (window.htmx) window.htmx.process(one('#folder'));
  }

  /* ---- Events ---- */

  document.addEventListener('submit', (event) => {
    const form = formOf(event);
    if (!form) return;
    event.preventDefault();
    upload(form, chosen(form.elements.files.files));
  });

  document.addEventListener('click', (event) => {
    if (!running || !event.target.closest('[data-upload-cancel]')) return;
    running.cancelled = true;
    if (running.xhr) running.xhr.abort();
  });

  // The whole page takes what is dropped, so that nothing that misses the form
  // makes the browser leave the page.
  const dropForm = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes('Files') && one('form[data-upload]');

  document.addEventListener('dragover', (event) => {
    const form = dropForm(event);
    if (!form) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = running ? 'none' : 'copy';
    form.dataset.over = '';
  });

  document.addEventListener('dragleave', (event) => {
    const form = dropForm(event);
    if (form && !event.relatedTarget) delete form.dataset.over;
  });

  document.addEventListener('drop', (event) => {
    const form = dropForm(event);
    if (!form) return;
    event.preventDefault();
    delete form.dataset.over;
    dropped(event.dataTransfer).then((items) => upload(form, items), () => {});
  });

  addEventListener('beforeunload', (event) => {
    if (running) event.preventDefault();
  });
})();
