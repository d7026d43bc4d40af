// Every page: big text and dark background as remembered; on the first page, who uses this device.
(function () {
  'use strict';
  const root = document.documentElement;
  const night = matchMedia('(prefers-color-scheme: dark)');

  // Storage may be refused (a WebView, a private window): the page then works without memory.
  function kept(name) {
    try { return localStorage.getItem(name); } catch (refused) { return null; }
  }

  function keep(name, value) {
    try { localStorage.setItem(name, value); } catch (refused) { /* for this page only */ }
  }

  function isOn(look) {
    if (look === 'big') return root.classList.contains('big');
    return root.classList.contains('dark') || (night.matches && !root.classList.contains('light'));
  }

  function put(look, on) {
    root.classList.toggle(look, on);
    if (look === 'dark') root.classList.toggle('light', !on);
  }

  function showSwitches() {
    for (const button of document.querySelectorAll('[data-look]')) {
      button.hidden = false;
      button.setAttribute('aria-checked', isOn(button.dataset.look));
    }
  }

  function people() {
    try { return JSON.parse(kept('lantoa') || '[]'); } catch (broken) { return []; }
  }

  function showPeople() {
    const device = document.getElementById('device');
    const list = people();
    if (!device || !list.length) return;
    for (const each of list) {
      const link = document.createElement('a');
      link.href = '/c/' + encodeURIComponent(each.id) + '/';
      link.textContent = each.label;
      device.querySelector('ul').appendChild(document.createElement('li')).appendChild(link);
    }
    device.hidden = false;
  }

  // This address no longer opens a chat: the first page must not lead here.
  function forgetLost() {
    const id = location.pathname.split('/')[2];
    if (document.querySelector('[data-lost]')) {
      keep('lantoa', JSON.stringify(people().filter(each => each.id !== id)));
    }
  }

  // Whether it was done; old WebViews and plain http have no clipboard.
  window.copied = async (words, at) => {
    try {
      await navigator.clipboard.writeText(words);
      return true;
    } catch (refused) {
      const area = document.body.appendChild(document.createElement('textarea'));
      area.className = 'sr';
      area.value = words;
      area.select();
      area.setSelectionRange(0, words.length);  // an iPhone's select() alone selects nothing
      const done = document.execCommand('copy');
      area.remove();
      at.focus();
      return done;
    }
  };

  for (const look of ['big', 'dark']) {
    const value = kept('lantoa:' + look);
    if (value) put(look, value === '1');
  }
  night.addListener(showSwitches);
  addEventListener('storage', showSwitches);
  document.addEventListener('DOMContentLoaded', () => {
    showSwitches();
    showPeople();
    forgetLost();
  });
  document.addEventListener('click', async event => {
    const key = event.target.closest('[data-copy]');
    if (key && await copied(key.dataset.copy, key)) key.textContent = key.dataset.done;
    const button = event.target.closest('[data-look]');
    if (!button) return;
    const look = button.dataset.look;
    put(look, !isOn(look));
    keep('lantoa:' + look, isOn(look) ? '1' : '0');
    showSwitches();
  });
})();
