/**
 * What happens on this side of the socket, each as a function from state to state.
 *
 * @import { Input, Move, Start } from './protocol.js'
 * @import { Check } from './seal.js'
 * @import { Link, MatchRound, Seal, State } from './state.js'
 */

/**
 * @param {State} state
 * @returns {MatchRound | null} the round that waits for a throw
 */
export function openRound({ match }) {
  const last = match?.rounds.at(-1);
  return last === undefined || last.result !== null || match?.over ? null : last;
}

/** @param {State} state @param {Link} link @returns {State} */
export const linked = (state, link) => ({ ...state, link });

/** @param {State} state @param {Start} start @returns {State} */
export const started = (state, start) => ({ ...state, starting: start, refusal: null });

/**
 * The throw is kept until it is answered, so that it survives a lost socket.
 * @param {State} state
 * @param {Move} move
 * @param {Input} input
 * @returns {State} the same state if nothing can be thrown now
 */
export function threw(state, move, input) {
  const open = openRound(state);
  if (open === null || state.pending !== null || state.leaving) return state;
  return { ...state, pending: { round: open.round, move, input }, refusal: null };
}

/** @param {State} state @returns {State} */
export const left = (state) => (state.match && !state.match.over ? { ...state, leaving: true, pending: null } : state);

/** @param {State} state @returns {State} Back to the choice of opponents, once the match is over. */
export const putAway = (state) => (state.match?.over ? { ...state, match: null, refusal: null } : state);

/** @param {State} state @returns {State} */
export const excused = (state) => ({ ...state, refusal: null });

/** @param {State} state @param {string} id @param {number} round @param {Seal} seal @returns {State} */
export function sealChecked(state, id, round, seal) {
  const { match } = state;
  if (match?.id !== id) return state;
  const rounds = match.rounds.map((entry) => (entry.round === round ? { ...entry, seal } : entry));
  return { ...state, match: { ...match, rounds } };
}

/** @param {State} state @param {string} id @param {readonly Check[]} checks @returns {State} */
export function matchChecked(state, id, checks) {
  const { match } = state;
  return match?.id === id ? { ...state, match: { ...match, checks } } : state;
}
