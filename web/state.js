/**
 * What the browser knows, as a function: the server's message in, the next state out. No socket, clock or DOM.
 *
 * The messages of a match are numbered by `seq`. One that comes twice (a replay, or a throw from another tab) changes
 * nothing; one that comes too early is left aside and `behind` says that a `sync` is due.
 *
 * @import { Input, Matched, MatchMessage, Move, OpponentCard, Over, Refused, Result, Round, Scores, ServerMessage,
 *   Start, Welcome } from './protocol.js'
 * @import { Hand } from './hand.js'
 * @import { Check } from './seal.js'
 * @import { Values } from './rules.js'
 *
 * @typedef {'connecting' | 'online' | 'reconnecting' | 'offline' | 'elsewhere'} Link
 * @typedef {'pending' | 'holds' | 'broken' | 'unchecked'} Verdict
 * @typedef {{ verdict: Verdict, faults: readonly string[] }} Seal
 * @typedef {{ round: number, values: Values, commitment: string, result: Result | null, seal: Seal }} MatchRound
 *
 * @typedef {object} Match
 * @property {string} id
 * @property {number} seq of the last message that was taken in
 * @property {string} opponent
 * @property {number} target
 * @property {string} seedHash
 * @property {Scores} scores
 * @property {readonly MatchRound[]} rounds the last one is open while its result is null
 * @property {Over | null} over
 * @property {readonly Check[] | null} checks made once it is over
 * @property {readonly string[]} tampered what the server told differently the second time
 * @property {boolean} counted whether the opponents' records hold its end already
 *
 * @typedef {{ match: string, seedHash: string, commitments: Record<number, string> }} Pins
 * What was sealed, kept over a refresh so that a seal cannot be swapped behind it.
 * @typedef {{ round: number, move: Move, input: Input }} Pending a throw that is not answered yet
 *
 * @typedef {object} State
 * @property {Link} link
 * @property {boolean} draining the server said that it is about to stop
 * @property {{ id: string, name: string } | null} player
 * @property {readonly OpponentCard[]} opponents
 * @property {Match | null} match
 * @property {Start | null} starting
 * @property {Pending | null} pending
 * @property {boolean} leaving
 * @property {boolean} behind a message was missed; `sync` asks for it
 * @property {Refused | null} refusal the last one that the player should read
 * @property {Pins | null} pins
 * @property {Hand} hand playing by a sign of the hand
 */

import { forgot, isOfHand, openHand, saw, unseen } from './hand.js';
import { keepsPins, pinMatch, pinRound } from './pins.js';
import { refused } from './refusals.js';

/** @type {Seal} */
const PENDING = { verdict: 'pending', faults: [] };

/**
 * @param {Pins | null} pins kept from before a refresh, as what the hand's settings are
 * @param {{ consented?: boolean, countdown?: number }} hand
 * @returns {State}
 */
export function initial(pins = null, hand = {}) {
  return {
    link: 'connecting',
    draining: false,
    player: null,
    opponents: [],
    match: null,
    starting: null,
    pending: null,
    leaving: false,
    behind: false,
    refusal: null,
    pins,
    hand: openHand(hand),
  };
}

/**
 * @param {State} state
 * @param {ServerMessage} message
 * @returns {State}
 */
export function reduce(state, message) {
  switch (message.type) {
    case 'welcome':
      return welcomed(state, message);
    case 'matched':
      return message.match === state.match?.id ? told(state, message) : begun(state, message);
    case 'round':
    case 'result':
    case 'over':
      return told(state, message);
    case 'seen':
      return saw(state, message);
    case 'forgotten':
      return forgot(state, message.donations);
    case 'refused':
      return isOfHand(state, message) ? unseen(state, message) : refused(state, message);
    case 'draining':
      return { ...state, draining: true };
    default:
      // A newer server may say more than this page knows.
      return state;
  }
}

/** @param {State} state @param {Welcome} message @returns {State} */
function welcomed(state, { player: id, name, opponents, match: live }) {
  const same = state.player === null || state.player.id === id;
  const kept = same && (live === undefined || live === state.match?.id) ? state.match : null;
  // A match that ended while the socket was down is in the welcome's records already.
  const match = kept && { ...kept, counted: kept.counted || live !== kept.id };
  const mine = same && kept !== null;
  return {
    ...state,
    player: { id, name },
    opponents,
    match,
    draining: false,
    behind: false,
    starting: same ? state.starting : null,
    pending: mine ? state.pending : null,
    leaving: mine && state.leaving,
    hand: { ...state.hand, blind: false },
  };
}

/** @param {State} state @param {Matched} message @returns {State} */
function begun(state, message) {
  const { match: id, seq, opponent, target, seed_hash: seedHash } = message;
  const { pins, tampered } = pinMatch(state.pins, id, seedHash);
  /** @type {Match} */
  const match = {
    id, seq, opponent, target, seedHash, tampered,
    scores: { player: 0, bot: 0 }, rounds: [], over: null, checks: null, counted: false,
  };
  return { ...state, match, pins, starting: null, pending: null, leaving: false, behind: false, refusal: null };
}

/** @param {State} state @param {MatchMessage} message @returns {State} */
function told(state, message) {
  const { match, pins } = state;
  if (match === null || match.id !== message.match) return state;
  if (message.seq <= match.seq) {
    const fault = keepsPins(pins, message);
    return fault === null ? state : { ...state, match: blamed(match, fault) };
  }
  if (message.seq > match.seq + 1) return { ...state, behind: true };
  return folded({ ...state, behind: false, match: { ...match, seq: message.seq } }, message);
}

/** @param {Match} match @param {string} fault @returns {Match} */
function blamed(match, fault) {
  return match.tampered.includes(fault) ? match : { ...match, tampered: [...match.tampered, fault] };
}

/** @param {State} state @param {MatchMessage} message @returns {State} */
function folded(state, message) {
  if (message.type === 'round') return opened(state, message);
  if (message.type === 'result') return thrown(state, message);
  return message.type === 'over' ? ended(state, message) : state;
}

/** @param {State} state @param {Round} message @returns {State} */
function opened(state, message) {
  const match = /** @type {Match} */ (state.match);
  const fault = keepsPins(state.pins, message);
  const { round, values, commitment, scores } = message;
  const rounds = [...match.rounds, { round, values, commitment, result: null, seal: PENDING }];
  const next = { ...match, rounds, scores };
  return { ...state, pins: pinRound(state.pins, message), match: fault === null ? next : blamed(next, fault) };
}

/** @param {State} state @param {Result} result @returns {State} */
function thrown(state, result) {
  const match = /** @type {Match} */ (state.match);
  const rounds = match.rounds.map((round) => (round.round === result.round ? { ...round, result } : round));
  return { ...state, pending: null, refusal: null, match: { ...match, rounds, scores: result.scores } };
}

/** @param {State} state @param {Over} over @returns {State} */
function ended(state, over) {
  const match = /** @type {Match} */ (state.match);
  const opponents = match.counted ? state.opponents : counted(state.opponents, match.opponent, over);
  return {
    ...state,
    opponents,
    pending: null,
    leaving: false,
    match: { ...match, over, scores: over.scores, counted: true },
  };
}

/** @param {readonly OpponentCard[]} opponents @param {string} id @param {Over} over */
function counted(opponents, id, { winner }) {
  const won = /** @type {const} */ ({ player: 'wins', bot: 'losses', tie: 'ties' })[winner];
  return opponents.map((card) =>
    card.id === id ? { ...card, record: { ...card.record, [won]: card.record[won] + 1 } } : card,
  );
}
