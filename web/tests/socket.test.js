import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { Link, OPENED_ELSEWHERE, PING_AFTER_MS, PONG_WITHIN_MS, WELCOME_WITHIN_MS, backoff } from '../socket.js';

/** A socket that does what the test says. */
class StubSocket {
  static OPEN = 1;
  static all = [];
  readyState = 0;
  sent = [];
  closed = false;
  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    StubSocket.all.push(this);
  }
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.closed = true; }
  opens() { this.readyState = 1; this.onopen?.(); }
  tells(message) { this.onmessage?.({ data: JSON.stringify(message) }); }
  ends(code = 1006) { this.readyState = 3; this.onclose?.({ code }); }
}

let statuses, opened, told, link;
const latest = () => StubSocket.all.at(-1);
const goOnline = (value) => Object.defineProperty(globalThis, 'navigator', { value: { onLine: value }, configurable: true });

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  mock.method(Math, 'random', () => 0.5);
  StubSocket.all = [];
  globalThis.WebSocket = StubSocket;
  goOnline(true);
  [statuses, opened, told] = [[], 0, []];
  link = new Link('ws://host/ws', {
    opened: () => { opened += 1; },
    told: (message) => told.push(message.type),
    changed: (status) => statuses.push(status),
  });
  link.open();
});

afterEach(() => { mock.timers.reset(); mock.restoreAll(); });

const greeted = () => { latest().opens(); latest().tells({ type: 'welcome' }); };

test('waits double, never pass their limit, and differ by chance', () => {
  assert.deepEqual([0, 1, 2].map((attempt) => backoff(attempt, 0)), [250, 500, 1000]);
  assert.equal(backoff(0, 0.999) < 500, true);
  assert.equal(backoff(40, 0.999) <= 15_000, true);
  assert.equal(backoff(40, 0), 7_500);
});

test('the socket speaks rps.v1 and counts as up from the welcome on', () => {
  assert.equal(latest().protocol, 'rps.v1');
  latest().opens();
  assert.deepEqual([opened, statuses], [1, []]);
  latest().tells({ type: 'welcome' });
  assert.deepEqual([statuses, told], [['online'], ['welcome']]);
});

test('silence is answered with a ping, and an unanswered ping ends the socket', () => {
  greeted();
  const first = latest();
  mock.timers.tick(PING_AFTER_MS);
  assert.equal(first.sent.at(-1).type, 'ping');
  mock.timers.tick(PONG_WITHIN_MS);
  assert.deepEqual([first.closed, statuses.at(-1)], [true, 'reconnecting']);
  mock.timers.tick(1000);
  assert.equal(StubSocket.all.length, 2);
});

test('a pong keeps the socket and is told to nobody', () => {
  greeted();
  mock.timers.tick(PING_AFTER_MS);
  latest().tells({ type: 'pong', t: 1 });
  mock.timers.tick(PONG_WITHIN_MS + 1);
  assert.deepEqual([StubSocket.all.length, told], [1, ['welcome']]);
});

test('a socket that gave way to another window stays closed until the player wants this one', () => {
  greeted();
  latest().ends(OPENED_ELSEWHERE);
  assert.equal(statuses.at(-1), 'elsewhere');
  mock.timers.tick(60_000);
  assert.equal(StubSocket.all.length, 1);
  link.wake();
  assert.equal(StubSocket.all.length, 2);
});

test('a socket without a welcome is given up', () => {
  latest().opens();
  mock.timers.tick(WELCOME_WITHIN_MS);
  assert.equal(statuses.at(-1), 'reconnecting');
});

test('a closed socket is opened again, without network it is called offline', () => {
  greeted();
  goOnline(false);
  latest().ends();
  assert.equal(statuses.at(-1), 'offline');
  mock.timers.tick(500);
  assert.equal(StubSocket.all.length, 2);
});

test('waking opens a lost socket at once and probes a living one', () => {
  greeted();
  link.wake();
  assert.equal(latest().sent.at(-1).type, 'ping');
  latest().ends();
  link.wake();
  assert.equal(StubSocket.all.length, 2);
  mock.timers.tick(500);
  assert.equal(StubSocket.all.length, 2, 'the retry that was planned is dropped');
});

test('a draining server is used on, then left for as long as it asked', () => {
  greeted();
  latest().tells({ type: 'draining', retry_after_ms: 4000 });
  assert.equal(link.send({ type: 'leave', match: 'm' }), true);
  latest().ends();
  link.wake();
  mock.timers.tick(3999);
  assert.equal(StubSocket.all.length, 1);
  mock.timers.tick(600);
  assert.equal(StubSocket.all.length, 2);
});

test('a draining server that stays up is left after the time it asked for', () => {
  greeted();
  latest().tells({ type: 'draining', retry_after_ms: 4000 });
  mock.timers.tick(4600);
  assert.deepEqual([StubSocket.all.length, StubSocket.all[0].closed], [2, true]);
});

test('nothing is sent while no socket is open', () => {
  assert.equal(link.send({ type: 'ping', t: 0 }), false);
});

test('a socket that was let go is not heard any more', () => {
  greeted();
  const [first] = StubSocket.all;
  link.open();
  first.tells({ type: 'matched' });
  first.ends();
  assert.deepEqual([told, statuses, StubSocket.all.length], [['welcome'], ['online', 'reconnecting'], 2]);
});
