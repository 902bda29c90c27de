import assert from 'node:assert/strict';
import { test } from 'node:test';

import { left, started, threw } from '../acts.js';
import { replies } from '../replies.js';
import { initial, reduce } from '../state.js';
import { MATCH, VICTORY, messages, welcome } from './play.js';

const START = { type: 'start', opponent: 'logan', client_ref: 'c1' };
const greeted = reduce(initial(), welcome());
const playing = async (count = 2) => (await messages(VICTORY)).slice(0, count).reduce(reduce, greeted);

function answer(before, message) {
  return replies(before, reduce(before, message), message);
}

test('a first visit needs no answer', () => assert.deepEqual(answer(initial(), welcome()).send, []));

test('after a refresh the live match is asked for from its start', () => {
  assert.deepEqual(answer(initial(), welcome({ match: MATCH })).send, [{ type: 'sync', match: MATCH, seen: 0 }]);
});

test('after a lost socket only what was missed is asked for, and the throw is sent again', async () => {
  const before = threw(await playing(), 'rock', 'button');
  assert.deepEqual(answer(before, welcome({ match: MATCH })).send, [
    { type: 'sync', match: MATCH, seen: 2 },
    { type: 'move', match: MATCH, round: 1, move: 'rock', input: 'button' },
  ]);
});

test('a departure is sent again too, and not the throw', async () => {
  const before = left(threw(await playing(), 'rock', 'button'));
  assert.deepEqual(answer(before, welcome({ match: MATCH })).send.at(-1), { type: 'leave', match: MATCH });
});

test('a match that ended while the socket was down is asked how', async () => {
  assert.deepEqual(answer(await playing(), welcome()).send, [{ type: 'sync', match: MATCH, seen: 2 }]);
});

test('another live match than the one on the table is asked for from its start', async () => {
  assert.deepEqual(answer(await playing(), welcome({ match: 'm2' })).send, [{ type: 'sync', match: 'm2', seen: 0 }]);
});

test('a start that was lost is sent again with the same reference', () => {
  assert.deepEqual(answer(started(greeted, START), welcome()).send, [START]);
});

test('a start that got through is not sent again', () => {
  const { send } = answer(started(greeted, START), welcome({ match: MATCH }));
  assert.deepEqual(send, [{ type: 'sync', match: MATCH, seen: 0 }]);
});

test('a gap is asked for once', async () => {
  const told = await messages(VICTORY);
  const before = await playing(2);
  const after = reduce(before, told[3]);
  assert.deepEqual(replies(before, after, told[3]).send, [{ type: 'sync', match: MATCH, seen: 2 }]);
  assert.deepEqual(replies(after, reduce(after, told[4]), told[4]).send, []);
});

test('what is refused for a while is sent again after it', async () => {
  const before = threw(await playing(), 'rock', 'key');
  const refusal = { type: 'refused', code: 'slow-down', message: '', retry_after_ms: 250 };
  const { send, afterMs } = answer(before, refusal);
  assert.equal(afterMs, 250);
  assert.deepEqual(send, [{ type: 'move', match: MATCH, round: 1, move: 'rock', input: 'key' }]);
});

for (const code of ['stale-round', 'round-not-open', 'already-moved', 'match-over']) {
  test(`${code} shows that something was missed`, async () => {
    const before = threw(await playing(), 'rock', 'key');
    const { send } = answer(before, { type: 'refused', code, message: '', match: MATCH });
    assert.deepEqual(send, [{ type: 'sync', match: MATCH, seen: 2 }]);
  });
}

test('already-playing leads to the match that is played', () => {
  const refusal = { type: 'refused', code: 'already-playing', message: '', match: 'm3' };
  assert.deepEqual(answer(started(greeted, START), refusal).send, [{ type: 'sync', match: 'm3', seen: 0 }]);
});

test('other refusals and messages need no answer', async () => {
  assert.deepEqual(answer(greeted, { type: 'refused', code: 'bad-message', message: '' }).send, []);
  assert.deepEqual(answer(greeted, { type: 'pong', t: 1 }).send, []);
});
