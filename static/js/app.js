/*
 * What JavaScript adds to the console. Every page works without this file; it
 * opens pages in dialogs, keeps the share form's ticks consistent, copies texts,
 * and closes menus. It uses no inline handler and no eval, as the page's policy
 * demands.
 */
(() => {
  'use strict';

  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  /* ---- Messages ---- */

  let announceTimer;

  function announce(text) {
    const box = one('[data-announce]');
    if (!box || !text) return;
    box.textContent = text;
    clearTimeout(announceTimer);
    announceTimer = setTimeout(() => { box.textContent = ''; }, 4000);
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-dismiss]');
    if (button) button.parentElement.remove();
  });

  /* ---- Theme: the form stores the choice; here it also shows at once. ---- */

  function dark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  }

  document.addEventListener('submit', (event) => {
    const form = event.target.closest('[data-theme-form]');
    if (!form) return;
    event.preventDefault();
    const theme = dark() ? 'light' : 'dark';
    form.elements.theme.value = theme;
    const body = new URLSearchParams(new FormData(form));
    fetch(form.action, { method: 'POST', body, redirect: 'manual' })
      .then(() => { document.documentElement.dataset.theme = theme; })
      .catch(() => form.submit());
  });

  /* ---- The key / leads to the search of the top bar, unless one is typing. ---- */

  document.addEventListener('keydown', (event) => {
    const field = one('[data-search-key]');
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !field || one('dialog[open]')) return;
    const at = event.composedPath()[0];
    if (at instanceof HTMLElement && (at.isContentEditable || at.matches('input, textarea, select'))) return;
    if (!field.checkVisibility()) return;
    event.preventDefault();
    field.focus();
  });

  /* ---- Copying: the clipboard API is absent on plain HTTP. ---- */

  async function copy(text) {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'sr-only';
    const host = one('dialog[open]') || document.body;
    host.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    if (!copied) throw new Error('copy refused');
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    const idle = one('[data-copy-idle]', button);
    const done = one('[data-copy-done]', button);
    copy(button.dataset.copy).then(() => {
      idle.hidden = true;
      done.hidden = false;
      announce(one('[data-announce]').dataset.copied);
      setTimeout(() => { idle.hidden = false; done.hidden = true; }, 1500);
    }, () => {});
  });

  /* ---- Menus are <details>: close them on Escape and on a click elsewhere. ---- */

  function closeMenus(except) {
    for (const menu of all('details[data-menu][open]')) {
      if (menu !== except) menu.open = false;
    }
  }

  document.addEventListener('click', (event) => closeMenus(event.target.closest('details[data-menu]')));

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const menu = one('details[data-menu][open]');
    if (!menu) return;
    event.preventDefault();
    menu.open = false;
    one('summary', menu).focus();
  });

  /* ---- Why something is off: its popover opens by itself for whoever comes to it
     by keyboard, and closes when they go on. ---- */

  document.addEventListener('focusin', ({ target }) => {
    if (!('popover' in target) || !target.matches(':focus-visible')) return;
    const why = target.matches('[data-off]') ? target.popoverTargetElement : null;
    for (const open of all('.off-why:popover-open')) if (open !== why) open.hidePopover();
    if (why && !why.matches(':popover-open')) why.showPopover({ source: target });
  });

  /* ---- Dialogs: a link's page is shown in the layout's <dialog>. ---- */

  document.addEventListener('click', (event) => {
    const closer = event.target.closest('[data-closes-dialog]');
    const dialog = closer && closer.closest('dialog');
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  });

  document.addEventListener('close', (event) => {
    if (event.target.id === 'dialog') event.target.replaceChildren();
  }, true);

  // A dialog gives the focus back to what had it. A menu's link would be hidden
  // by then, so its summary takes the focus first.
  function openDialog(dialog) {
    const menu = one('details[data-menu][open]');
    if (menu && !dialog.open) one('summary', menu).focus();
    closeMenus();
    if (!dialog.open) dialog.showModal();
    focusFirst(dialog);
  }

  function focusFirst(root) {
    const first = one('[aria-invalid="true"], [autofocus]', root) || one('#dialog-title', root);
    if (first) first.focus();
  }

  /* ---- htmx ---- */

  let shownPath = location.pathname + location.search;

  // A response without the part that was asked for is another page: the end of a
  // dialog, an error, the sign-in form. It replaces the whole page.
  document.addEventListener('htmx:beforeSwap', (event) => {
    const detail = event.detail;
    if (detail.xhr.status === 204) return;
    const select = detail.requestConfig.elt.getAttribute('hx-select');
    if (!select || !select.startsWith('#')) return;
    const page = new DOMParser().parseFromString(detail.serverResponse, 'text/html');
    if (page.getElementById(select.slice(1))) return;
    detail.shouldSwap = true;
    detail.target = document.body;
    detail.swapOverride = 'innerHTML';
    detail.selectOverride = 'unset';
    const dialog = one('dialog[open]');
    if (dialog) dialog.close();
    if (detail.xhr.status < 400 && detail.xhr.responseURL) {
      const address = new URL(detail.xhr.responseURL);
      shownPath = address.pathname + address.search;
      history.pushState(null, '', address);
    }
    document.title = page.title;
    scrollTo(0, 0);
  });

  addEventListener('popstate', () => {
    if (location.pathname + location.search !== shownPath) location.reload();
  });

  document.addEventListener('htmx:afterSettle', (event) => {
    const target = event.detail.target;
    const dialog = one('#dialog');
    const lookedUp = target.id === 'share-found';
    if (lookedUp) refreshLookup();
    if (target === dialog || target.id === 'dialog-content') {
      if (dialog.contains(one('#dialog-content'))) openDialog(dialog);
      else focusFirst(one('#main')); // the same form as a page of its own
    }
    if (target === document.body) {
      one('#main').focus();
      showActiveTab();
    }
    refreshShareForm();
  });

  /* ---- Imports and exports: the list is swapped while they run. htmx gives the
     focus back to what is still there; else the row gets it. ---- */

  let transfersBefore;

  const transferStates = () => new Map(all('[data-transfer]').map((row) => [row.id, row.dataset.transfer]));

  document.addEventListener('htmx:beforeSwap', (event) => {
    const list = event.detail.target;
    if (list.id !== 'transfers') return;
    const focused = list.contains(document.activeElement) && document.activeElement.closest('[data-transfer]');
    transfersBefore = { states: transferStates(), focused: focused && focused.id };
  });

  document.addEventListener('htmx:afterSettle', () => {
    if (!transfersBefore) return;
    const { states, focused } = transfersBefore;
    transfersBefore = null;
    const row = focused && document.getElementById(focused);
    if (row && !row.contains(document.activeElement)) row.focus({ preventScroll: true });
    const changed = Array.from(transferStates()).filter(([id, state]) => states.has(id) && states.get(id) !== state);
    announce(changed.map(([, state]) => state).join('\n'));
  });

  for (const name of ['htmx:sendError', 'htmx:timeout']) {
    document.addEventListener(name, () => announce(one('[data-announce]').dataset.failed));
  }

  /* ---- Tabs that do not fit scroll sideways: the active one is in view. ---- */

  function showActiveTab() {
    for (const tab of all('nav a[aria-current="page"]')) {
      const nav = tab.closest('nav');
      if (nav.scrollWidth <= nav.clientWidth) continue;
      const [tabBox, navBox] = [tab.getBoundingClientRect(), nav.getBoundingClientRect()];
      nav.scrollLeft += tabBox.left - navBox.left - (navBox.width - tabBox.width) / 2;
    }
  }

  /* ---- The share form ---- */

  const presets = {
    all: () => true,
    read: (key) => key.endsWith('.view') || key.endsWith('.read'),
    invoke: (key) => key === 'functions.invoke',
  };

  const boxes = (card) => all('[data-permission]', card);

  // To operate something one must see it (S5).
  function keepImplied(box) {
    const [group, action] = box.dataset.permission.split('.');
    const other = { operate: 'view', view: 'operate' }[action];
    if (!other || (action === 'operate') !== box.checked) return;
    const peer = one(`[data-permission="${group}.${other}"]`, box.closest('[data-share-environment]'));
    if (peer) peer.checked = box.checked;
  }

  function presetOf(card) {
    const match = Object.keys(presets).find((name) => boxes(card).every((box) => box.checked === presets[name](box.dataset.permission)));
    return match || 'custom';
  }

  function refreshCard(card) {
    const ticked = new Set(boxes(card).filter((box) => box.checked).map((box) => box.dataset.permission));
    const preset = presetOf(card);
    for (const button of all('[data-preset]', card)) {
      button.setAttribute('aria-pressed', String(button.dataset.preset === preset));
    }
    for (const line of all('[data-summary]', card)) {
      const words = all('[data-permission-word]', line);
      for (const word of words) word.hidden = ticked.has(word.dataset.permissionWord) !== (line.dataset.summary === 'can');
      line.nextElementSibling.hidden = words.some((word) => !word.hidden);
    }
    refreshChange(card, one('[data-include]', card).checked ? ticked : new Set());
  }

  const storedOf = (card) => new Set(card.dataset.stored.split(' ').filter(Boolean));

  // What saving would change about one environment.
  function refreshChange(card, wanted) {
    const row = one(`[data-change-environment="${card.dataset.shareEnvironment}"]`);
    if (!row) return;
    const stored = storedOf(card);
    let changed = false;
    for (const [side, has, lacks] of [['added', wanted, stored], ['removed', stored, wanted]]) {
      const part = one(`[data-change="${side}"]`, row);
      const words = all('[data-changed-word]', part);
      for (const word of words) word.hidden = !has.has(word.dataset.changedWord) || lacks.has(word.dataset.changedWord);
      part.hidden = words.every((word) => word.hidden);
      changed ||= !part.hidden;
    }
    one('[data-change="joined"]', row).hidden = stored.size > 0 || wanted.size === 0;
    one('[data-change="left"]', row).hidden = stored.size === 0 || wanted.size > 0;
    row.hidden = !changed;
  }

  function refreshChanges() {
    const list = one('[data-share-changes]');
    if (!list) return;
    for (const row of all('[data-change-field]', list)) {
      const field = one(`#share-form [name="${row.dataset.changeField}"]`);
      row.hidden = field.value === field.dataset.stored;
    }
    const rows = all('[data-change-environment], [data-change-field]', list);
    one('[data-change-none]', list).hidden = rows.some((row) => !row.hidden);
  }

  // A refusal that came while one typed belongs to the input.
  function refreshLookup() {
    const input = one('[data-lookup]');
    const refused = one('#f-to-error');
    if (refused) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
    input.setAttribute('aria-describedby', refused ? 'f-to-error f-to-hint' : 'f-to-hint');
  }

  function refreshShareForm() {
    const cards = all('[data-share-environment]');
    if (cards.length === 0) return;
    cards.forEach(refreshCard);
    const name = one('[data-grantee-name]');
    if (name) {
      for (const subject of all('[data-subject]')) subject.textContent = name.textContent;
    }
    const included = cards.filter((card) => one('[data-include]', card).checked);
    const permissions = included.reduce((sum, card) => sum + boxes(card).filter((box) => box.checked).length, 0);
    const note = one('[data-share-count]');
    note.textContent = note.dataset.shareCount.replace('{environments}', included.length).replace('{permissions}', permissions);
    refreshChanges();
  }

  document.addEventListener('change', (event) => {
    const box = event.target;
    if (!box.closest('#share-form')) return;
    if (box.dataset.permission) keepImplied(box);
    refreshShareForm();
  });

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-preset]');
    if (!button) return;
    const wanted = presets[button.dataset.preset];
    const card = button.closest('[data-share-environment]');
    if (wanted) {
      for (const box of boxes(card)) box.checked = wanted(box.dataset.permission);
    } else {
      boxes(card)[0].focus();
    }
    refreshShareForm();
  });

  /* ---- Charts: their scripts are loaded where a chart is. ---- */

  function loadCharts() {
    const addresses = document.body.dataset.chartScripts;
    if (!addresses || !one('[data-chart]')) return;
    delete document.body.dataset.chartScripts;
    for (const address of addresses.split(' ')) {
      const script = document.createElement('script');
      script.src = address;
      script.async = false; // in order
      document.head.append(script);
    }
  }

  document.addEventListener('htmx:afterSettle', loadCharts);
  loadCharts();
  // The other environments that are included get the same ticks.
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-copy-permissions]');
    if (!button) return;
    event.preventDefault();
    const from = button.closest('[data-share-environment]');
    const ticked = new Set(boxes(from).filter((box) => box.checked).map((box) => box.dataset.permission));
    for (const card of all('[data-share-environment]')) {
      if (card === from || !one('[data-include]', card).checked) continue;
      for (const box of boxes(card)) box.checked = ticked.has(box.dataset.permission);
    }
    refreshShareForm();
  });

  /* ---- A form that came back: the first field in error takes the focus, wherever another one asked for it;
     not from somebody who went on typing before this file was there. ---- */

  const invalid = one('[aria-invalid="true"]');
  if (invalid && (document.activeElement === document.body || document.activeElement.matches('[autofocus]'))) invalid.focus();

  showActiveTab();
  refreshShareForm();
})();
