// One account's chat without a network: its empty page and the files of that. Never a message.
'use strict';
const PAGE = self.registration.scope;
const TAP = 'Bấm để xem.';
const BOX = 'lantoa ' + PAGE;

// First the new files, then the page that needs them; only now may the old ones go.
async function refresh() {
  const page = await fetch(PAGE, { cache: 'no-store' });
  if (page.status === 403 || page.status === 404) {
    await caches.delete(BOX);
  } else if (page.ok && !page.redirected) {
    const html = await page.clone().text();
    const files = new Set(html.match(/\/w\/[\w-]+\/[\w.-]+/g));
    const box = await caches.open(BOX);
    const kept = (await box.keys()).map(each => each.url).filter(url => url !== PAGE);
    await box.addAll([...files].filter(path => !kept.includes(new URL(path, PAGE).href)));
    await box.put(PAGE, page);
    const old = kept.filter(url => !files.has(new URL(url).pathname));
    await Promise.all(old.map(url => box.delete(url)));
  }
}

// The kept page at once (slow networks), the new one beside it for the next time.
async function shell(event) {
  const kept = await caches.match(PAGE);
  const fresh = kept ? refresh() : fetch(event.request);
  if (!kept) return fresh;
  event.waitUntil(fresh.catch(() => {}));
  return kept;
}

self.addEventListener('install', event => {
  self.skipWaiting();
  event.waitUntil(refresh());
});
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', event => {
  const { method, mode, url } = event.request;
  const path = new URL(url).pathname;
  if (method !== 'GET') return;
  if (mode === 'navigate' && url.split(/[?#]/)[0] === PAGE) event.respondWith(shell(event));
  else if (path.startsWith('/w/')) {
    event.respondWith(caches.match(event.request).then(kept => kept || fetch(event.request)));
  }
});

// News for a page that is shut. The server sends one sentence without a name, and in English a
// second one; it goes to no lock screen while somebody looks at the page.
async function tell(event) {
  const pages = await self.clients.matchAll({ type: 'window' });
  const seen = pages.filter(page => page.url.startsWith(PAGE) && page.visibilityState === 'visible');
  for (const page of seen) page.postMessage('news');
  if (seen.length) return;
  const [words, body = TAP] = (event.data ? event.data.text() : 'Lan Tỏa có tin').split('\n');
  const lang = body === TAP ? 'vi' : 'en', icon = '/w/0/icon-192.png';
  await self.registration.showNotification(words, { body, tag: 'tin', lang, icon });
}

async function open() {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find(each => each.url.split(/[?#]/)[0] === PAGE);
  return page ? page.focus() : self.clients.openWindow(PAGE);
}

self.addEventListener('push', event => event.waitUntil(tell(event)));
self.addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(open());
});
