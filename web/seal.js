/**
 * The proof that the bot moved first, checked by the browser itself.
 *
 * Nothing here trusts the server: the commitment was told before the throw, and SHA-256 is the browser's own. Where
 * the page is served without https, browsers hide WebCrypto; then nothing can be checked and `available` says so.
 *
 * @import { Over, Result, Scores, Winner } from './protocol.js'
 * @import { Values } from './rules.js'
 * @typedef {{ round: number, values: Values, commitment: string, result: Result | null }} Sealed
 * @typedef {{ id: string, seedHash: string, target: number, rounds: readonly Sealed[], over: Over }} Told
 * @typedef {{ name: 'seals' | 'seed' | 'values' | 'scores', holds: boolean, text: string }} Check
 */

import { MOVES, gains, outcome, valuesFrom, winner } from './rules.js';

/** @returns {boolean} whether this page may use WebCrypto */
export const available = () => globalThis.crypto?.subtle !== undefined;

/**
 * @param {string} text
 * @returns {Promise<Uint8Array>} SHA-256 of the text's UTF-8 bytes
 */
async function digest(text) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

/** @param {string} text */
export async function sha256(text) {
  return Array.from(await digest(text), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} text */
async function draw(text) {
  const [first, second] = await digest(text);
  return first * 256 + second;
}

/**
 * The values of a round, recomputed from the match's seed.
 * @param {string} seed
 * @param {number} round from 1
 */
export async function roundValues(seed, round) {
  return valuesFrom(await draw(`${seed}:${round}:low`), await draw(`${seed}:${round}:base`));
}

/** What a reveal says, nothing where it is not readable. @param {string} reveal */
export function revealed(reveal) {
  try {
    return JSON.parse(reveal) ?? {};
  } catch {
    return {};
  }
}

/**
 * Every way in which a round's seal fails, in plain words; none if it holds.
 * @param {string} match
 * @param {string} commitment as it was told before the throw
 * @param {Result} result
 * @returns {Promise<string[]>}
 */
export async function sealFaults(match, commitment, result) {
  const inside = revealed(result.reveal);
  const checks = /** @type {const} */ ([
    [(await sha256(result.reveal)) === commitment, 'The revealed text does not hash to the commitment.'],
    [inside.match === match, 'The revealed text is of another match.'],
    [inside.round === result.round, 'The revealed text is of another round.'],
    [inside.move === result.bot_move, 'The sealed move is not the move that was played.'],
  ]);
  return checks.filter(([holds]) => !holds).map(([, fault]) => fault);
}

/** @param {Scores} a @param {Scores} b */
const sameScores = (a, b) => a.player === b.player && a.bot === b.bot;

/** @param {Over} over @returns {Winner} A void match is nobody's; who does not finish one gives it to the bot. */
function dueTo({ reason, scores }) {
  if (reason === 'void') return 'tie';
  return reason === 'target' ? winner(scores) : 'bot';
}

/** @param {Told} told */
function scoresHold(told) {
  let [player, bot] = [0, 0];
  for (const { result, values } of told.rounds) {
    if (result === null) continue;
    if (Math.max(player, bot) >= told.target) return false;
    const gained = gains(result.player_move, result.bot_move, values);
    player += gained.player;
    bot += gained.bot;
    const right = result.outcome === outcome(result.player_move, result.bot_move);
    if (!right || !sameScores(result.gained, gained) || !sameScores(result.scores, { player, bot })) return false;
  }
  const { over, target } = told;
  const reached = Math.max(player, bot) >= target;
  return sameScores(over.scores, { player, bot }) && reached === (over.reason === 'target') && over.winner === dueTo(over);
}

/** @param {Told} told */
async function valuesHold({ over, rounds }) {
  for (const [index, { round, values }] of rounds.entries()) {
    const right = await roundValues(over.seed, round);
    if (round !== index + 1 || MOVES.some((move) => values[move] !== right[move])) return false;
  }
  return true;
}

/**
 * What can be checked once the match is over and its seed is known.
 * @param {Told} told
 * @returns {Promise<Check[]>}
 */
export async function matchChecks(told) {
  const played = told.rounds.filter(({ result }) => result !== null);
  const faults = await Promise.all(
    played.map(({ commitment, result }) => sealFaults(told.id, commitment, /** @type {Result} */ (result))),
  );
  const held = faults.filter(({ length }) => length === 0).length;
  const whole = played.length === told.over.rounds;
  return [
    { name: 'seals', holds: whole && held === played.length, text: `${held} of ${told.over.rounds} seals hold` },
    { name: 'seed', holds: (await sha256(told.over.seed)) === told.seedHash, text: 'The seed is the one announced' },
    { name: 'values', holds: await valuesHold(told), text: 'Every round’s values follow from the seed' },
    { name: 'scores', holds: scoresHold(told), text: 'Points, scores and winner follow the rules' },
  ];
}
