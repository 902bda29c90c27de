/**
 * The composition root: builds the parts and carries what one says to the others.
 *
 * @import { ClientMessage, Input, Move, ServerMessage } from './protocol.js'
 * @import { State } from './state.js'
 */

import { excused, left, linked, putAway, started, threw } from './acts.js';
import { Camera } from './camera.js';
import { Greeter } from './greeter.js';
import { listenForKeys } from './keys.js';
import {
  affirmed, askedForPhoto, beheld, cameraIs, consented, counted, declined, denied, donating, pressed, retried, settled, switched,
} from './hand.js';
import { Notary } from './notary.js';
import { photo } from './picture.js';
import { replies, unanswered } from './replies.js';
import { Shutter } from './shutter.js';
import { Link } from './socket.js';
import { initial, reduce } from './state.js';
import { Store } from './store.js';
import { View } from './view.js';

const store = new Store();
let state = initial(store.pins(), store.hand());

/** @param {(state: State) => State} change */
function update(change) {
  const before = state;
  state = settled(change(state));
  if (state === before) return;
  if (state.pins !== before.pins) store.keepPins(state.pins);
  const { consented: agreed, countdown } = before.hand;
  if (state.hand.consented !== agreed || state.hand.countdown !== countdown) store.keepHand(state.hand);
  view.render(state);
  notary.inspect(state);
  shutter.follow(state);
}

/** @param {readonly ClientMessage[]} messages */
const send = (messages) => messages.forEach((message) => link.send(message));

/** Before `welcome` nothing but hello may be said; what is unanswered follows it by itself. */
const sendUnanswered = () => state.link === 'online' && send(unanswered(state));

/** @param {ServerMessage} message */
function told(message) {
  if (message.type === 'welcome') greeter.welcomed(message.token);
  if (message.type === 'refused' && isGreeting(message.code)) return regreet(message);
  const before = state;
  update((now) => reduce(now, message));
  const { send: answer, afterMs } = replies(before, state, message);
  if (afterMs > 0) setTimeout(sendUnanswered, afterMs);
  else send(answer);
}

/** @param {string} code */
const isGreeting = (code) => code === 'bad-token' || code === 'hello-first' || state.link !== 'online';

/** @param {Extract<ServerMessage, { type: 'refused' }>} refusal */
function regreet(refusal) {
  update((now) => reduce(now, refusal));
  if (refusal.code === 'bad-token') return greeter.refused();
  if (refusal.code === 'bad-message') store.keepName(null);
  setTimeout(() => state.link !== 'online' && greeter.hello(), refusal.retry_after_ms ?? 1000);
}

const link = new Link(new URL('/ws', location.href.replace(/^http/, 'ws')).href, {
  opened: () => greeter.hello(),
  told,
  changed(status) {
    if (status !== 'online') greeter.quit();
    update((now) => linked(now, status));
  },
});
const greeter = new Greeter(store, (message) => link.send(message));
const notary = new Notary(update);
const camera = new Camera(/** @type {HTMLVideoElement} */ (document.querySelector('#camera')), () =>
  update((now) => cameraIs(now, 'unplugged')));
const shutter = new Shutter({ camera, update, photo, post: (gesture, picture) => link.sendWith(gesture, picture) });

const intents = {
  /** @param {string} opponent */
  start(opponent) {
    // The server opens one match for one `client_ref`, however often a lost socket makes us ask.
    update((now) => started(putAway(now), { type: 'start', opponent, client_ref: reference() }));
    sendUnanswered();
  },
  /** @param {Move} move @param {Input} input */
  throwMove(move, input) {
    const before = state;
    update((now) => threw(now, move, input));
    if (state !== before) sendUnanswered();
  },
  leave() {
    update(left);
    sendUnanswered();
  },
  toOpponents: () => update(putAway),
  excuse: () => update(excused),
  retry: () => link.wake(),
  switchHand: () => update((now) => switched(now, camera.possible)),
  retryHand: () => update(retried),
  pressHand() {
    const before = state;
    update(pressed);
    return state !== before;
  },
  /** @param {File} file */
  choosePhoto(file) {
    shutter.choose(file);
    if (state.hand.consented) shutter.show();
    else update(askedForPhoto);
  },
  consent() {
    const { asking } = state.hand;
    update(consented);
    if (asking === 'photo') shutter.show();
  },
  decline: () => update(declined),
  affirm() {
    update(affirmed);
    sendUnanswered();
  },
  deny: () => update(denied),
  /** @param {number} seconds */
  setCountdown: (seconds) => update((now) => counted(now, seconds)),
  /** @param {boolean} donate */
  donate: (donate) => update((now) => donating(now, donate)),
  forget: () => link.send({ type: 'forget' }),
  /** A name is told in hello, so a new one needs a new socket. @param {string} name */
  rename(name) {
    if (name === state.player?.name || name === '') return;
    store.keepName(name);
    link.open();
  },
};

const reference = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const view = new View(document, intents);
listenForKeys(document, (move) => intents.throwMove(move, 'key'), intents.pressHand);
addEventListener('online', () => link.wake());
addEventListener('offline', () => link.wake());
document.addEventListener('visibilitychange', () => {
  const visible = document.visibilityState === 'visible';
  if (visible) link.wake();
  update((now) => beheld(now, visible));
});
addEventListener('pageshow', ({ persisted }) => persisted && link.open());

view.render(state);
link.open();
