// The bubbles of the chat: what was said, and the answers that can be tapped.
'use strict';
const $ = id => document.getElementById(id);
const log = $('log');
let live = null;  // the bubble whose buttons may be tapped

function make(tag, kind, words) {
  const node = document.createElement(tag);
  if (kind) node.className = kind;
  if (words) node.textContent = words;
  return node;
}

function button(words, act) {
  const node = make('button', '', words);
  node.type = 'button';
  node.addEventListener('click', act);
  return node;
}

// A bubble stands behind the row `at`; own ones after it, in the order of their time.
function place(item, at, time) {
  item.at = at;
  item.time = time;
  let next = null;
  for (let other = log.lastElementChild; other; other = other.previousElementSibling) {
    if (other.at < at || (other.at === at && other.time <= time)) break;
    next = other;
  }
  log.insertBefore(item, next);
}

function bubble(kind, speaker) {
  const item = make('div', kind);
  item.said = item.appendChild(make('div', 'said'));
  item.said.tabIndex = -1;
  item.said.appendChild(make('span', 'sr', speaker));
  return item;
}

// Only our own links (personal, class page) and the two emergency numbers can be tapped: a lesson
// about false links must not hold a live one.
const MARKS = /(https?:\/\/[^\s]+[^\s.,;:!?)”"])|((?:gọi|hoặc|call|or|to|•) )(11[13])(?![\d.,]*\d)/gi;

// A lesson's name on the first line of a paragraph.
const TITLE = /^\p{Lu}(?!.*http|.*: [\dA-Z]).{1,58}[^.!?:,;…\n](?=\n)/u;

function paragraph(words) {
  const node = make('p');
  const [title] = words.match(TITLE) || [];
  if (title) node.append(make('b', '', title));
  let from = (title || '').length, ours = false;
  for (const found of words.matchAll(MARKS)) {
    const [whole, link, before, number] = found;
    if (link && !/^\/[vl]\//.test(link.replace(location.origin, ''))) continue;
    const a = make('a', '', link || number);
    a.href = link || 'tel:' + number;
    a.rel = 'noopener noreferrer';
    ours = ours || !!link;
    node.append(words.slice(from, found.index) + (before || ''), a);
    from = found.index + whole.length;
  }
  node.append(words.slice(from));
  return ours ? [node, handOn(words)] : [node];
}

// An invitation is copied or shared whole: the link alone would look like a swindler's.
function handOn(words) {
  const row = make('div', 'hand');
  row.append(button(t('Chép tin này'), event => copy(words, event.target)));
  if (navigator.share) {
    row.append(button(t('Gửi cho người khác'), () => navigator.share({ text: words }).catch(() => {})));
  }
  return row;
}

async function copy(words, at) {
  if (!await copied(words, at)) return;
  at.textContent = t('Đã chép');
  tell(t('Đã chép'));
  setTimeout(() => { at.textContent = t('Chép tin này'); }, 3000);
}

// Long answers stand in the text as numbered lines, and the buttons are called 1, 2, …
function split(event) {
  const lines = event.text.split('\n'), buttons = event.buttons || [];
  const tail = lines.slice(lines.length - buttons.length);
  const listed = buttons.length > 0 && buttons.every(([label], at) =>
    label === String(at + 1) && (tail[at] || '').startsWith(label + '. '));
  if (!listed) return { words: event.text, tail: [], labels: buttons.map(each => each[0]) };
  return {
    words: lines.slice(0, -buttons.length).join('\n').trim(), tail,
    labels: tail.map(line => line.slice(line.indexOf(' ') + 1)),
  };
}

// The last sentence above the buttons, if it asks something: "… tên bà. " and "Bà nên làm gì?"
const ASK = /^([^]*[.!?:]["”)]*\s+|)([^\s][^.!?:]*[?:])$/;

function showSaid(event) {
  const item = bubble('bot', t('Trợ lý: '));
  const { words, tail, labels } = split(event);
  const parts = words.split(/\n{2,}/);
  const [, before, ask] = labels.length && parts[parts.length - 1].match(ASK) || [];
  if (ask) parts[parts.length - 1] = before;
  for (const part of parts) item.said.append(...paragraph(part));
  if (ask) item.said.lastElementChild.append(make('b', '', ask));
  place(item, event.id, 0);
  if (labels.length && (!live || live.at < event.id)) {
    retire(live);
    offer(item, event.buttons, labels, tail);
  } else if (tail.length) {
    item.said.append(make('p', '', tail.join('\n')));
  }
  return item;
}

// Words stand under a QR code; of a scene's picture they are what it shows, for who cannot see it.
function showPicture({ id, kind, src, width = 240, height = 240, text }) {
  const item = bubble('bot', t('Trợ lý: '));
  const image = make('img', kind);
  image.alt = kind === 'qr' ? t('Hình mã QR để máy khác quét.') : item.told = text;
  item.said.append(Object.assign(image, { width, height, loading: 'lazy', src }));
  if (kind === 'qr') item.said.append(...paragraph(text));
  place(item, id, 0);
  return item;
}

function offer(item, buttons, labels, tail) {
  const group = make('div', 'choices');
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', t('Chọn một'));
  labels.forEach((label, at) => {
    const [, token] = buttons[at];
    const node = button('', () => tap(item, node));
    node.label = label;
    node.token = token;
    if (tail.length) node.append(make('i', '', String(at + 1)));
    node.append(make('span', '', label));
    group.append(node);
  });
  item.tail = tail;
  item.choices = item.appendChild(group);
  live = item;
  lock();
}

function tap(item, chosen) {
  if (chosen.getAttribute('aria-disabled') || item !== live) return;
  send({ tap: chosen.token, label: chosen.label, from: item.at });
}

// No button of a question acts while its answer is on the way; a newer one's do. They stay
// focusable: a button that vanishes under the finger takes the place in the page away with it.
function lock() {
  if (!live) return;
  const waiting = queue().filter(each => each.at >= live.at);
  for (const node of live.choices.children) {
    const chosen = waiting.some(each => each.tap === node.token && each.from === live.at);
    node.classList.toggle('chosen', chosen);
    if (waiting.length) node.setAttribute('aria-disabled', 'true');
    else node.removeAttribute('aria-disabled');
  }
}

// An answered question keeps its listed answers as text and loses its buttons.
function retire(item) {
  if (!item || !item.choices) return;
  const held = item.choices.contains(document.activeElement);
  if (item.tail.length) item.said.append(make('p', '', item.tail.join('\n')));
  item.choices.remove();
  item.choices = null;
  if (live === item) live = null;
  if (held) item.said.focus({ preventScroll: true });
}

function showOwn(entry, state) {
  const item = bubble('own', t('Đã trả lời: '));
  item.key = entry.key;
  item.since = entry.since;
  item.said.append(make('p', '', entry.label || entry.text), make('span', 'state', state));
  place(item, entry.at, entry.time);
  return item;
}

function own(key) {
  return Array.from(log.children).find(item => item.key === key);
}

function setState(key, state) {
  const item = own(key);
  if (item) item.said.lastElementChild.textContent = state;
}
