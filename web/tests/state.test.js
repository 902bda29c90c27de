import assert from 'node:assert/strict';
import { test } from 'node:test';

import { left, openRound, putAway, sealChecked, started, threw } from '../acts.js';
import { initial, reduce } from '../state.js';
import { MATCH, VICTORY, messages, welcome } from './play.js';

const fold = (told, from = initial()) => told.reduce(reduce, from);
const refused = (code, more = {}) => ({ type: 'refused', code, message: '', ...more });
const greeted = fold([welcome()]);

test('a whole match is folded from its messages', async () => {
  const { match, opponents } = fold(await messages(VICTORY), greeted);
  assert.equal(match.rounds.length, 6);
  assert.equal(match.over.winner, 'player');
  assert.equal(match.scores.player, match.rounds.at(-1).result.scores.player);
  assert.deepEqual(opponents[0].record, { wins: 2, losses: 2, ties: 0 });
});

test('messages that come twice change nothing', async () => {
  const told = await messages(VICTORY);
  const once = fold(told, greeted);
  assert.deepEqual(fold(told.slice(0, -1), once), once);
});

test('a replay from the start rebuilds what a refresh lost', async () => {
  const told = await messages(VICTORY, { over: false });
  const lived = fold(told, greeted);
  const rebuilt = fold(told, fold([welcome({ match: MATCH })]));
  assert.deepEqual(rebuilt.match, lived.match);
});

test('a message that comes too early is left aside and asked for', async () => {
  const told = await messages(VICTORY);
  const gap = fold([told[0], told[2]], greeted);
  assert.equal(gap.behind, true);
  assert.deepEqual(gap.match.rounds, []);
  assert.equal(fold([told[1]], gap).behind, false);
});

test('messages of a match that is not on the table are passed over', async () => {
  const [, round] = await messages(VICTORY, { match: 'other' });
  const mine = fold((await messages(VICTORY)).slice(0, 2), greeted);
  assert.equal(reduce(mine, round), mine);
  assert.equal(reduce(initial(), round).match, null);
});

test('a throw waits for its result, and a second one is not taken', async () => {
  const open = fold((await messages(VICTORY)).slice(0, 2), greeted);
  const once = threw(open, 'rock', 'key');
  assert.deepEqual(once.pending, { round: 1, move: 'rock', input: 'key' });
  assert.equal(threw(once, 'paper', 'key'), once);
  assert.equal(fold((await messages(VICTORY)).slice(2, 3), once).pending, null);
});

test('nothing can be thrown while no round is open', async () => {
  const told = await messages(VICTORY);
  for (const count of [0, 1, 3, told.length]) {
    const state = fold(told.slice(0, count), greeted);
    assert.equal(openRound(state), null);
    assert.equal(threw(state, 'rock', 'button'), state);
  }
});

test('a throw made in another tab is shown by its result', async () => {
  const told = await messages(VICTORY);
  const mine = threw(fold(told.slice(0, 2), greeted), 'paper', 'button');
  const after = fold([refused('already-moved', { match: MATCH, round: 1 }), told[2]], mine);
  assert.equal(after.pending, null);
  assert.equal(after.match.rounds[0].result.player_move, 'rock');
});

test('a match that another tab began takes the place of the old one', async () => {
  const before = fold(await messages(VICTORY), greeted);
  const { match } = fold([{ ...(await messages(VICTORY))[0], match: 'm2' }], before);
  assert.equal(match.id, 'm2');
  assert.equal(match.over, null);
});

test('a seal that is told differently the second time is remembered', async () => {
  const told = (await messages(VICTORY)).slice(0, 2);
  const swapped = { ...told[1], commitment: 'f'.repeat(64) };
  assert.match(fold([...told, swapped, swapped], greeted).match.tampered.join(), /^The seal of round 1 was changed/);
  const { pins } = fold(told, greeted);
  const refreshed = fold([welcome({ match: MATCH }), told[0], swapped], initial(pins));
  assert.equal(refreshed.match.tampered.length, 1);
  const reseeded = fold([welcome({ match: MATCH }), { ...told[0], seed_hash: 'x' }], initial(pins));
  assert.match(reseeded.match.tampered[0], /seed/);
});

test('the same seals after a refresh are no fault', async () => {
  const told = await messages(VICTORY, { over: false });
  const { pins } = fold(told, greeted);
  assert.deepEqual(fold(told, fold([welcome({ match: MATCH })], initial(pins))).match.tampered, []);
});

test('the record of a match that ended unseen is not counted twice', async () => {
  const told = await messages(VICTORY);
  const away = fold(told.slice(0, -1), greeted);
  const back = fold([welcome({ opponents: welcome().opponents }), told.at(-1)], away);
  assert.deepEqual(back.opponents[0].record, { wins: 1, losses: 2, ties: 0 });
});

test('a welcome as somebody else clears the table', async () => {
  const mine = threw(fold((await messages(VICTORY)).slice(0, 2), greeted), 'rock', 'key');
  const { match, pending, starting } = reduce(started(mine, { type: 'start', opponent: 'logan' }), welcome({ player: 'p2' }));
  assert.deepEqual([match, pending, starting], [null, null, null]);
});

for (const code of ['slow-down', 'log-unavailable', 'draining']) {
  test(`${code} keeps the throw, to send it again`, async () => {
    const mine = threw(fold((await messages(VICTORY)).slice(0, 2), greeted), 'rock', 'key');
    const after = reduce(mine, refused(code));
    assert.deepEqual(after.pending, mine.pending);
    assert.equal(after.refusal.code, code);
  });
}

for (const code of ['stale-round', 'round-not-open', 'match-over']) {
  test(`${code} drops the throw without a word`, async () => {
    const mine = threw(fold((await messages(VICTORY)).slice(0, 2), greeted), 'rock', 'key');
    const after = reduce(mine, refused(code, { match: MATCH }));
    assert.deepEqual([after.pending, after.refusal], [null, null]);
  });
}

test('a match that the server has lost leaves the table', async () => {
  const state = fold((await messages(VICTORY)).slice(0, 2), greeted);
  assert.equal(reduce(state, refused('unknown-match', { match: 'm9' })).match.id, MATCH);
  assert.equal(reduce(state, refused('unknown-match', { match: MATCH })).match, null);
});

test('draining lasts until the next welcome', () => {
  const draining = reduce(greeted, { type: 'draining', retry_after_ms: 100 });
  assert.equal(draining.draining, true);
  assert.equal(reduce(draining, welcome()).draining, false);
});

test('what a newer server says beyond this page is passed over', () => {
  assert.equal(reduce(greeted, { type: 'fireworks' }), greeted);
});

test('only a match that is over can be put away, only a live one left', async () => {
  const told = await messages(VICTORY);
  const live = fold(told.slice(0, 2), greeted);
  const over = fold(told, greeted);
  assert.equal(putAway(live), live);
  assert.equal(putAway(over).match, null);
  assert.equal(left(live).leaving, true);
  assert.equal(left(over), over);
});

test('a verdict goes to its own match and round', async () => {
  const state = fold((await messages(VICTORY)).slice(0, 5), greeted);
  const seal = { verdict: 'holds', faults: [] };
  assert.equal(sealChecked(state, 'm9', 1, seal), state);
  assert.deepEqual(sealChecked(state, MATCH, 2, seal).match.rounds.map((round) => round.seal.verdict), ['pending', 'holds']);
});
