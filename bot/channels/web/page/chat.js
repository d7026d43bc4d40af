// The chat: hears what is said, and sends what the person says exactly once and in order.
'use strict';
const POLL_MS = 15000;
const text = $('text');
const still = matchMedia('(prefers-reduced-motion: reduce)');
const touch = matchMedia('(pointer: coarse)');

let last = 0;         // highest row id seen
let since = null;     // first row id of the open conversation; null until the server said it
let loaded = false;
let gone = false;     // the cookie no longer opens this chat
let fails = 0;        // tries in a row that did not reach the server
let waits = false;    // the server asked to wait
let down = false;     // the stream is away
const seen = new Set();
const deleted = new Set();

// --- What the server says

// What was sent before the server had said anything belongs to the conversation it then finds.
function begun(entry) {
  return entry.since === null ? since : entry.since;
}

// Somebody else took the phone: what was said before goes, here and in the storage.
function forget(before) {
  const older = each => begun(each) !== null && begun(each) < before;
  drop(local, QUEUE, older);
  drop(session, OWN, older);
  for (const item of Array.from(log.children)) {
    if (item.key ? older(item) : item.at < before) {
      if (item === live) live = null;
      item.remove();
    }
  }
}

function setWho(who) {
  if (since === null || who.since > since) forget(who.since);
  since = who.since;
  write(local, WHO, who);
  speak(who.lang);
  $('who').textContent = who.label || t('chưa rõ là ai');
  heed(who.push);
  const others = read(local, DEVICE).filter(each => each.id !== id);
  write(local, DEVICE, who.label ? [{ id, label: who.label }, ...others].slice(0, 12) : others);
}

// English is fetched for those who speak it, and left by a fresh start.
function speak(lang = 'vi') {
  const english = $('english') || make('script');
  if (lang === 'vi' && english.src) location.reload();
  if (lang === 'vi' || english.src) return;
  english.id = 'english';
  english.src = log.dataset.english;
  document.head.append(english);
}

// The bell's script is fetched when there is something to ask, or with the panel; and only where
// the browser can be told of news at all.
let wish = '';

function heed(push) {
  wish = push || '';
  if (window.showBell) showBell();
  else if (wish && wish !== 'not yet') fetchBell();
}

function fetchBell() {
  const able = !!navigator.serviceWorker && 'PushManager' in window && 'Notification' in window;
  if (!able || document.querySelector('script[src$="bell.js"]')) return;
  document.head.appendChild(make('script')).src = $('offer').dataset.bell;
}

// Returns the new bubbles in order.
function take(answer) {
  if (answer.who) setWho(answer.who);
  const fresh = [];
  for (const event of answer.events.sort((one, other) => one.id - other.id)) {
    last = Math.max(last, event.id);
    if (seen.has(event.id) || event.id < since) continue;
    seen.add(event.id);
    if (event.kind === 'say') fresh.push(showSaid(event));
    else if (event.src) fresh.push(showPicture(event));
    else if (event.kind === 'delete') takeOff(event.message);
  }
  last = Math.max(last, answer.last || 0);
  return fresh;
}

function takeOff(key) {
  deleted.add(key);
  drop(local, QUEUE, each => each.key === key);
  drop(session, OWN, each => each.key === key);
  if (own(key)) own(key).remove();
}

// Something new. If the person has just said something it is the answer to that, on whichever way
// it came. After a tap, focus then goes to the new message and not to its first button: a screen
// reader reads the question before the answers, and Tab leads to them. Whoever types on a keyboard
// stays in the text field. What focus does not go to is announced; what nobody waited for never
// moves the page under somebody who reads further up.
function hear(answer, entry = queue().find(each => own(each.key))) {
  const wasAtEnd = atEnd();
  const held = live && live.choices.contains(document.activeElement);
  const fresh = take(answer);
  lock();
  if (!fresh.length) return;
  const typing = document.activeElement === text && !touch.matches;
  if (entry && !typing && (held || touch.matches)) fresh[0].said.focus({ preventScroll: true });
  else tell(fresh.map(item => item.told || item.innerText).join('\n'));
  if (entry || wasAtEnd) bring(entry && own(entry.key) || fresh[0]);
  else $('fresh').hidden = false;
}

function tell(words) {
  $('said').textContent = words;
}

// To the top of the window: a long message is read from its beginning.
function bring(item, behavior = still.matches ? 'auto' : 'smooth') {
  const header = document.querySelector('.top');
  const height = getComputedStyle(header).position === 'static' ? 0 : header.offsetHeight;
  const top = item.getBoundingClientRect().top + pageYOffset - height - 12;
  scrollTo({ top: item.previousElementSibling ? top : 0, behavior });
}

function atEnd() {
  return document.documentElement.scrollHeight - pageYOffset - innerHeight < 160;
}

// --- Sending

let sending = false;
let timer = 0;

function send(entry) {
  Object.assign(entry, { key: newKey(), since, at: last, time: Date.now() });
  write(local, QUEUE, [...queue(), entry]);
  bring(showOwn(entry, t('Đang gửi…')));
  lock();
  pump();
}

// Status 0: the server was not reached, or somebody else answered (a Wi-Fi that asks to log in).
async function call(path, body) {
  const stopper = new AbortController();
  const late = setTimeout(() => stopper.abort(), 25000);
  const headers = { 'Content-Type': 'application/json' };
  const post = body ? { method: 'POST', body: JSON.stringify(body), headers } : {};
  try {
    const answer = await fetch(path, { signal: stopper.signal, cache: 'no-store', ...post });
    const data = [200, 429].includes(answer.status) ? await answer.json() : null;
    return { status: answer.status, data };
  } catch (unreachable) {
    return { status: 0 };
  } finally {
    clearTimeout(late);
  }
}

// The first of the queue, until the server has it; the same key each time, so it counts once.
async function pump() {
  clearTimeout(timer);
  const entry = queue()[0];
  if (!loaded || sending || gone || !entry) return;
  sending = true;
  const { key, text, tap } = entry;
  const body = tap ? { key, tap, after: last } : { key, text, after: last };
  const wait_s = settle(entry, await call('say', body));
  sending = false;
  showNet();
  timer = setTimeout(pump, wait_s * 1000);
}

// Returns the seconds until the next try.
function missed() {
  waits = false;
  fails += 1;
  return Math.min(30, 2 ** fails);
}

function settle(entry, { status, data }) {
  waits = status === 429;
  if (waits) return Math.max(1, data.wait);
  if (status === 200) taken(entry, data);
  else if (status === 403) lost();
  else if ([400, 404, 413].includes(status)) refused(entry, status);
  else return missed();
  return 0;
}

// From here on only what the server shows is kept: its text has no secrets in it.
function taken(entry, answer) {
  const { key, at, time } = entry;
  const shown = entry.label || answer.shown || t('(đã gửi)');
  const before = begun(entry);
  fails = 0;
  drop(local, QUEUE, each => each.key === key);
  if (own(key)) {
    setState(key, '');
    own(key).said.querySelector('p').textContent = shown;
  }
  const asked = live && live.at === entry.from ? live : null;
  hear(answer, entry);
  retire(asked);
  if ((before === null || before === since) && !deleted.has(key)) {
    write(session, OWN, [...read(session, OWN), { key, at, time, since, text: shown }]);
  }
  checkStream(answer.last);
}

function refused(entry, status) {
  drop(local, QUEUE, each => each.key === entry.key);
  setState(entry.key, status === 413 ? t('Tin dài quá, chưa gửi được.') : t('Tin này chưa gửi được.'));
  lock();
}

// --- Hearing

let stream = null;
let heard = 0;
let deaf = !window.EventSource;
let catching = false;
let again = 0;

function listen() {
  if (gone || deaf || document.hidden || (stream && stream.readyState !== 2)) return;
  stream = new EventSource('events?after=' + last);
  stream.onopen = () => {
    down = false;
    fails = 0;
    showNet();
    pump();
  };
  stream.onmessage = event => {
    heard = Math.max(heard, Number(event.lastEventId));
    hear({ events: [JSON.parse(event.data)] });
  };
  stream.addEventListener('who', event => setWho(JSON.parse(event.data)));
  stream.onerror = () => setTimeout(() => {
    down = stream.readyState !== 1;
    showNet();
  }, 3000);
}

// Some proxies hold a stream back: what came as an answer must come there too, or it is given up.
function checkStream(newest) {
  if (deaf || !stream || stream.readyState !== 1) return;
  setTimeout(() => {
    if (heard >= newest || stream.readyState !== 1) return;
    deaf = true;
    stream.close();
  }, 8000);
}

// What was missed while the page slept or the stream was away.
async function catchUp() {
  if (gone || catching) return;
  clearTimeout(again);
  catching = true;
  const { status, data } = await call('new?after=' + last);
  fails = status === 200 ? 0 : fails + 1;
  if (status === 403) lost();
  else if (status === 200 && loaded) hear(data, null);
  else if (status === 200) load(data);
  catching = false;
  showNet();
  if (loaded) listen();
  else again = setTimeout(catchUp, Math.min(fails, 5) * 2000);
}

function load(answer) {
  loaded = true;
  setWho(answer.who);
  for (const entry of read(session, OWN)) showOwn(entry, '');
  const fresh = take(answer);
  lock();
  const pending = queue().map(entry => own(entry.key)).find(Boolean);
  if (pending || fresh.length) bring(pending || fresh[fresh.length - 1], 'auto');
  pump();
}

// A page that nobody sees does not listen: what comes then is told to the device instead.
function wake() {
  if (document.hidden) return stream && stream.close();
  pump();
  catchUp();
}

function showNet() {
  let state = '';
  if (gone) state = '';
  else if (waits) state = t('Hơi nhanh một chút. Tin sẽ tự gửi sau ít giây.');
  else if (!fails && !down) state = '';
  else if (navigator.onLine === false) state = t('Không có mạng. Tin sẽ tự gửi khi có mạng lại.');
  else state = queue().length ? t('Chưa gửi được, đang thử lại…') : t('Đang kết nối lại…');
  if ($('net').textContent !== state) $('net').textContent = state;
}

// The cookie no longer opens this chat (a renewed code, a cleared browser): nothing may stay here.
function lost() {
  gone = true;
  if (stream) stream.close();
  since = since || 0;
  forget(Infinity);
  drop(local, DEVICE, each => each.id === id);
  write(local, WHO, {});
  $('who').textContent = '…';
  $('form').hidden = true;
  heed('');
  const item = bubble('bot', t('Trợ lý: '));
  const way = make('a', 'do', t('Nhập mã'));
  way.href = '/';
  const why = t('Máy này không còn mở được cuộc trò chuyện này. Hãy mở lại link của mình, hoặc nhập mã trên phiếu.');
  item.said.append(make('p', '', why), way);
  place(item, 0, 0);
  item.said.focus();
}

// --- Start

function fitText() {
  text.style.height = 'auto';
  text.style.height = text.scrollHeight + 4 + 'px';
}

function submit(event) {
  event.preventDefault();
  const words = text.value.trim();
  text.value = '';
  fitText();
  if (!words) return;
  if (touch.matches) text.blur();  // the screen keyboard would hide the answer
  send({ text: words });
}

$('form').addEventListener('submit', submit);
text.addEventListener('input', fitText);
text.addEventListener('keydown', event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
});
for (const node of document.querySelectorAll('[data-word]')) {
  node.addEventListener('click', () => {
    const { word } = node.dataset;
    showPanel(false);
    if (!gone && !queue().some(each => each.text === word)) send({ text: word });
  });
}
function showPanel(on) {
  $('panel').hidden = !on;
  $('more').setAttribute('aria-expanded', on);
  if (on) fetchBell();
}

$('more').addEventListener('click', () => showPanel($('panel').hidden));
document.addEventListener('click', event => {
  if (!event.target.closest('.top')) showPanel(false);
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') showPanel(false);
});
$('fresh').addEventListener('click', () => {
  bring(log.lastElementChild);
  log.lastElementChild.said.focus({ preventScroll: true });
});
addEventListener('scroll', () => { if (atEnd()) $('fresh').hidden = true; }, { passive: true });
addEventListener('storage', lock);  // a second window has sent, or been answered
addEventListener('online', wake);
addEventListener('offline', catchUp);
document.addEventListener('visibilitychange', wake);
addEventListener('beforeinstallprompt', event => {
  $('install').hidden = false;
  $('install').onclick = () => event.prompt();
});
setInterval(() => {
  if (!document.hidden && loaded && (deaf || stream.readyState !== 1)) catchUp();
}, POLL_MS);

history.scrollRestoration = 'manual';  // load() brings the page to the newest message
const known = read(local, WHO);
speak(known.lang);
if (known.label) {
  $('who').textContent = known.label;
  since = known.since;
}
for (const entry of queue()) showOwn(entry, t('Đang gửi…'));
wake();  // not in a tab that nobody sees: what waits for the page to be opened waits on
if (navigator.serviceWorker) navigator.serviceWorker.register('sw.js').catch(() => {});
