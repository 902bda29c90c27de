import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ranks } from '../rules.js';
import { matchChecks, roundValues, sealFaults, sha256 } from '../seal.js';
import { initial, reduce } from '../state.js';
import { MATCH, VICTORY, messages } from './play.js';

/** Known seeds, their hashes, and the values of their first rounds as [rock, paper, scissors]. */
const VECTORS = [
  [
    '00000000000000000000000000000000',
    '84e0c0eafaa95a34c293f278ac52e45ce537bab5e752a00e6959a13ae103b65a',
    [[11, 16, 10], [10, 12, 17], [10, 12, 17], [10, 12, 17], [13, 18, 10], [18, 10, 13], [10, 14, 19]],
  ],
  [
    '5eed0f5eed0f5eed0f5eed0f5eed0f5e',
    '896e0fb8cac4609d9aa03019dda4c4261de6ebae43f4d36415563f4fd9392122',
    [[20, 10, 15], [13, 18, 10], [17, 10, 12], [13, 18, 10], [17, 10, 12], [16, 10, 11], [19, 10, 14]],
  ],
];

for (const [seed, hash, rounds] of VECTORS) {
  test(`seed ${seed.slice(0, 6)}… gives the known hash and values`, async () => {
    assert.equal(await sha256(seed), hash);
    for (const [index, [rock, paper, scissors]] of rounds.entries()) {
      assert.deepEqual(await roundValues(seed, index + 1), { rock, paper, scissors });
    }
  });
}

test('the ranks of a round: low beats high, high beats mid', () => {
  assert.deepEqual(ranks({ rock: 20, paper: 10, scissors: 15 }), { paper: 'low', scissors: 'mid', rock: 'high' });
});

const round = async () => {
  const [, { commitment }, result] = await messages(VICTORY);
  return { commitment, result };
};

test('an honest seal has no faults', async () => {
  const { commitment, result } = await round();
  assert.deepEqual(await sealFaults(MATCH, commitment, result), []);
});

test('a reveal that was changed by one character does not open the commitment', async () => {
  const { commitment, result } = await round();
  const faults = await sealFaults(MATCH, commitment, { ...result, reveal: result.reveal.replace('n1', 'n2') });
  assert.equal(faults.length, 1);
  assert.match(faults[0], /hash/);
});

test('a bot that plays another move than the sealed one is caught', async () => {
  const { commitment, result } = await round();
  const faults = await sealFaults(MATCH, commitment, { ...result, bot_move: 'paper' });
  assert.deepEqual(faults, ['The sealed move is not the move that was played.']);
});

test('a seal of another match or round is caught', async () => {
  const { commitment, result } = await round();
  assert.match((await sealFaults('m2', commitment, result))[0], /another match/);
  assert.match((await sealFaults(MATCH, commitment, { ...result, round: 2 }))[0], /another round/);
});

for (const reveal of ['', 'null', '[]', '7', '{"move":']) {
  test(`a reveal that is no seal at all (${reveal || 'nothing'}) is a fault, not an error`, async () => {
    const { result } = await round();
    const faults = await sealFaults(MATCH, await sha256(reveal), { ...result, reveal });
    assert.equal(faults.length, 3);
  });
}

/** The checks that fail after the messages were changed. */
async function failing(change) {
  const told = (await messages(VICTORY)).map((message) => change(message) ?? message);
  const { match } = told.reduce(reduce, initial());
  const checks = await matchChecks({ ...match, over: match.over });
  return checks.filter(({ holds }) => !holds).map(({ name }) => name);
}

test('an honest match passes every check', async () => assert.deepEqual(await failing(() => null), []));

/** @type {[string, string[], (message: any) => any][]} */
const FRAUDS = [
  ['another seed', ['seed', 'values'], (m) => m.type === 'over' && { ...m, seed: '0'.repeat(32) }],
  ['values off the seed', ['values', 'scores'],
    (m) => m.type === 'round' && m.round === 3 && { ...m, values: { rock: 10, paper: 15, scissors: 20 } }],
  ['a swapped reveal', ['seals'], (m) => m.type === 'result' && m.round === 2 && { ...m, reveal: '{}' }],
  ['wrong points', ['scores'],
    (m) => m.type === 'result' && m.round === 1 && { ...m, gained: { player: 1, bot: 0 } }],
  ['a wrong outcome', ['scores'], (m) => m.type === 'result' && m.round === 1 && { ...m, outcome: 'lose' }],
  ['a wrong winner', ['scores'], (m) => m.type === 'over' && { ...m, winner: 'bot' }],
  ['a withheld round', ['seals'], (m) => m.type === 'over' && { ...m, rounds: 9 }],
  ['an end that leaving does not explain', ['scores'], (m) => m.type === 'over' && { ...m, reason: 'left' }],
];

for (const [name, expected, change] of FRAUDS) {
  test(`${name} is found`, async () => assert.deepEqual(await failing((m) => change(m) || null), expected));
}
