/**
 * What the server has sealed, remembered: it must never tell the same seal in two ways.
 *
 * @import { MatchMessage, Round } from './protocol.js'
 * @import { Pins } from './state.js'
 */

/**
 * The pins of a match that begins here; those kept from before a refresh stay in force.
 * @param {Pins | null} pins
 * @param {string} match
 * @param {string} seedHash
 * @returns {{ pins: Pins, tampered: string[] }}
 */
export function pinMatch(pins, match, seedHash) {
  if (pins?.match !== match) return { pins: { match, seedHash, commitments: {} }, tampered: [] };
  const fault = 'The hash of the seed was changed after it had been told.';
  return { pins, tampered: pins.seedHash === seedHash ? [] : [fault] };
}

/**
 * @param {Pins | null} pins
 * @param {Round} message
 * @returns {Pins | null} the first commitment told for a round is the one that counts
 */
export function pinRound(pins, { match, round, commitment }) {
  if (pins?.match !== match || round in pins.commitments) return pins;
  return { ...pins, commitments: { ...pins.commitments, [round]: commitment } };
}

/**
 * @param {Pins | null} pins
 * @param {MatchMessage} message
 * @returns {string | null} the fault, if the message contradicts what was sealed
 */
export function keepsPins(pins, message) {
  if (pins?.match !== message.match) return null;
  if (message.type === 'matched' && message.seed_hash !== pins.seedHash) {
    return 'The hash of the seed was changed after it had been told.';
  }
  if (message.type !== 'round') return null;
  const pinned = pins.commitments[message.round];
  if (pinned === undefined || pinned === message.commitment) return null;
  return `The seal of round ${message.round} was changed after it had been told.`;
}
