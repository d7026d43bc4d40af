// What the chat keeps on this device: sends until the server has them, and who spoke last.
'use strict';
let spoken = {};  // from english.js
const t = words => spoken[words] || words;
const id = location.pathname.split('/')[2];
const QUEUE = 'lantoa:' + id + ':queue';
const OWN = 'lantoa:' + id + ':own';
const WHO = 'lantoa:' + id + ':who';
const DEVICE = 'lantoa';
const local = storage('localStorage');
const session = storage('sessionStorage');

// It may be missing (some WebViews): the chat then works, but a reload forgets.
function storage(area) {
  try {
    const store = window[area];
    store.setItem('lantoa:try', '1');
    store.removeItem('lantoa:try');
    return store;
  } catch (refused) {
    const kept = new Map();
    return { getItem: name => kept.get(name) || null, setItem: (name, value) => kept.set(name, value) };
  }
}

function read(store, name) {
  try { return JSON.parse(store.getItem(name)) || []; } catch (broken) { return []; }
}

function write(store, name, value) {
  store.setItem(name, JSON.stringify(value));
}

function drop(store, name, test) {
  write(store, name, read(store, name).filter(each => !test(each)));
}

// Always read anew: a second tab of the same chat empties the same queue.
function queue() {
  return read(local, QUEUE);
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
