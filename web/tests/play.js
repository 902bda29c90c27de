/** A real match of the tests: seals and seeds are hashed as the server does, so that checks have something to hold. */

import { gains, outcome, winner } from '../rules.js';
import { roundValues, sha256 } from '../seal.js';

export const SEED = '5eed0f5eed0f5eed0f5eed0f5eed0f5e';
export const MATCH = 'm1';

const THOUGHT = {
  probabilities: { rock: 0.5, paper: 0.3, scissors: 0.2 },
  values: { rock: 0.4, paper: 0.6, scissors: 0.5 },
  source: 'model',
};

export const welcome = (more = {}) => ({
  type: 'welcome', player: 'p1', name: 'Ada', token: 't2', protocol: 'rps.v1',
  opponents: [{ id: 'logan', name: 'Logan', family: 'logan', about: '', record: { wins: 1, losses: 2, ties: 0 } }],
  ...more,
});

/** Every message of a match in which the two sides throw these pairs, from `matched` to the last one. */
export async function messages(pairs, { match = MATCH, seed = SEED, over = true } = {}) {
  const told = [{ type: 'matched', match, seq: 1, opponent: 'logan', target: 100, seed_hash: await sha256(seed) }];
  let scores = { player: 0, bot: 0 };
  for (const [index, [mine, its]] of pairs.entries()) {
    const round = index + 1;
    const values = await roundValues(seed, round);
    const reveal = JSON.stringify({ match, move: its, nonce: `n${round}`, round, v: 1 });
    told.push({ type: 'round', match, seq: 2 * round, round, values, scores, commitment: await sha256(reveal) });
    const gained = gains(mine, its, values);
    scores = { player: scores.player + gained.player, bot: scores.bot + gained.bot };
    told.push({
      type: 'result', match, seq: 2 * round + 1, round, player_move: mine, bot_move: its,
      outcome: outcome(mine, its), gained, scores, reveal, thought: THOUGHT,
    });
  }
  const end = {
    type: 'over', match, seq: 2 * pairs.length + 2, winner: winner(scores), reason: 'target', scores,
    rounds: pairs.length, seed, served_by: { family: 'logan', alias: 'B', version: 'v1' },
  };
  return over ? [...told, end] : told;
}

/** Throws with which the player wins the match in six rounds. */
export const VICTORY = [
  ['rock', 'scissors'], ['paper', 'rock'], ['rock', 'scissors'], ['paper', 'rock'],
  ['rock', 'scissors'], ['rock', 'scissors'],
];
