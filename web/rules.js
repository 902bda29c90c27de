/**
 * The rules of a throw, as the server has them: the browser needs them to check the server.
 *
 * @import { Move, Outcome, Scores, Winner } from './protocol.js'
 * @typedef {'low' | 'mid' | 'high'} Rank
 * @typedef {Record<Move, number>} Values
 */

/** @type {readonly Move[]} */
export const MOVES = ['rock', 'paper', 'scissors'];

/** @type {Readonly<Record<Move, Move>>} The move that the key beats. */
export const BEATS = { rock: 'scissors', paper: 'rock', scissors: 'paper' };

export const DRAW = 5;
export const LOW = 10;
const BASE = 11;
const BASES = 5;
const HIGH_STEP = 5;

/**
 * The rank of each move. Low beats high, high beats mid, mid beats low.
 * @param {Values} values
 * @returns {Record<Move, Rank>}
 */
export function ranks(values) {
  const [low, mid, high] = [...MOVES].sort((a, b) => values[a] - values[b]);
  return /** @type {Record<Move, Rank>} */ ({ [low]: 'low', [mid]: 'mid', [high]: 'high' });
}

/**
 * The values that two draws from the seed give a round.
 * @param {number} lowDraw
 * @param {number} baseDraw
 * @returns {Values}
 */
export function valuesFrom(lowDraw, baseDraw) {
  const low = MOVES[lowDraw % MOVES.length];
  const high = BEATS[low];
  const mid = BEATS[high];
  const base = BASE + (baseDraw % BASES);
  return /** @type {Values} */ ({ [low]: LOW, [mid]: base, [high]: base + HIGH_STEP });
}

/**
 * @param {Move} player
 * @param {Move} bot
 * @returns {Outcome} in the player's view
 */
export function outcome(player, bot) {
  if (player === bot) return 'draw';
  return BEATS[player] === bot ? 'win' : 'lose';
}

/**
 * The winner gains the value of its own move; a draw gives both the same little.
 * @param {Move} player
 * @param {Move} bot
 * @param {Values} values
 * @returns {Scores}
 */
export function gains(player, bot, values) {
  const ended = outcome(player, bot);
  if (ended === 'draw') return { player: DRAW, bot: DRAW };
  return ended === 'win' ? { player: values[player], bot: 0 } : { player: 0, bot: values[bot] };
}

/**
 * @param {Scores} scores
 * @returns {Winner} of a match that was played to its target
 */
export function winner(scores) {
  if (scores.player === scores.bot) return 'tie';
  return scores.player > scores.bot ? 'player' : 'bot';
}
