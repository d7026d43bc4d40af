// The bell: whether this device is told of news while the page is shut.
// It asks once, in a line of the page; the browser's own question comes only after a tap.
'use strict';
const QUESTION = t('Khi có tin, máy này báo một dòng ngắn nhé? Mỗi tuần nhiều nhất 3 tin, '
  + 'ban đêm không báo, không hiện tên ai.');
const DONE = t('Xong. Có tin là máy này báo. Muốn thôi thì bấm “Cỡ chữ” ở đầu trang, '
  + 'rồi tắt “Nhận tin nhắc”.');
const LATER = t('Được. Khi nào muốn nhận thì bấm “Cỡ chữ” ở đầu trang, rồi bật “Nhận tin nhắc”.');
const WAIT = t('Đang bật, đợi một chút nhé.');
const SHUT = t('Máy đang chặn thông báo của trang này. Muốn nhận thì bấm hình cạnh địa chỉ trang, '
  + 'vào phần Quyền, rồi cho phép Thông báo.');
const FAILED = t('Chưa bật được. Hãy thử lại khi mạng tốt hơn.');
const UNHEARD = t('Chưa ghi lại được. Hãy bấm lại khi mạng tốt hơn.');
const box = $('offer');
const [line, answers] = box.children;
const [yes, later] = answers.children;
const READ_MS = 10000;
let heeded = '';
let answered = 0;
let ringing = false;

// What the server says of this chat comes with who is speaking.
function showBell() {
  if (wish !== heeded) {
    heeded = wish;
    const asks = (wish === 'ask' || wish === 'offered') && Notification.permission !== 'denied';
    if (asks) say(QUESTION, true);
    else if (!answers.hidden) box.hidden = true;
    if (wish === 'ask') call('push', { say: 'offered' });
    if (wish === 'lost' && Notification.permission === 'granted') ring().catch(() => {});
  }
  if (answers.hidden && !ringing && Date.now() - answered > READ_MS) box.hidden = true;
  showSwitch();
}

// In the line under the chat while that is there, else under the switch.
function say(words, asks) {
  const held = answers.contains(document.activeElement);
  if (asks) box.hidden = false;
  answers.hidden = !asks;
  answered = Date.now();
  (box.hidden ? $('heed') : line).textContent = words;
  if (box.hidden) $('heed').scrollIntoView({ block: 'center' });
  if (held && !asks) line.focus({ preventScroll: true });
}

async function showSwitch() {
  const on = wish === 'on' && Notification.permission === 'granted' && !!await kept();
  $('bell').hidden = !wish;
  $('bell').setAttribute('aria-checked', on);
}

async function kept() {
  const worker = await navigator.serviceWorker.getRegistration();
  return worker && worker.pushManager.getSubscription();
}

// Always a new one: one that was made with an older key of the school would be refused.
async function ring() {
  const { key } = (await call('push')).data;
  const worker = await navigator.serviceWorker.getRegistration();
  const old = await kept();
  if (old) await old.unsubscribe();
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  const { status } = await call('push', { on: { endpoint, keys } });
  if (status !== 200) {
    await made.unsubscribe();
    throw new Error(status);
  }
  wish = heeded = 'on';
}

function isAsked() {
  return !box.hidden && !answers.hidden;
}

async function turnOn() {
  const allowed = await Notification.requestPermission();
  if (allowed === 'denied') say(SHUT);
  if (allowed !== 'granted' || ringing) return;  // a second tap must not undo the first
  const asked = isAsked();
  ringing = true;
  say(WAIT);
  await ring().then(() => say(box.hidden ? '' : DONE), () => say(FAILED, asked));
  ringing = false;
  showSwitch();
}

// Only what the server knows is a no: else it would ask again, or subscribe again.
async function turnOff() {
  if (ringing) return;
  const { status } = await call('push', { say: 'declined' });
  if (status !== 200) return say(UNHEARD, isAsked());
  const old = await kept();
  if (old) await old.unsubscribe();
  wish = heeded = 'declined';
  say(box.hidden ? '' : LATER);
  showSwitch();
}

yes.addEventListener('click', turnOn);
later.addEventListener('click', turnOff);
$('bell').addEventListener('click', () => {
  if ($('bell').getAttribute('aria-checked') === 'true') turnOff();
  else turnOn();
});
navigator.serviceWorker.addEventListener('message', wake);
showBell();
