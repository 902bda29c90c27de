/**
 * The sentences of the laboratory.
 *
 * @import { Lab, Job, Sighting } from './state.js'
 */

import { isMove } from '../hand.js';
import { ADVICE, LABELS } from '../view/advice.js';
import { percent } from '../view/words.js';

/** @param {Sighting} seen */
export function verdict({ label, guess, accepted }) {
  return accepted || !(label === 'unclear' || isMove(guess)) ? LABELS[guess] : `Unclear; perhaps ${LABELS[guess].toLowerCase()}`;
}

/** @param {Sighting} seen */
export function because({ accepted, reason, advice }) {
  if (accepted) return 'Clear enough to be thrown.';
  return advice ?? (reason === null ? 'Not clear enough to be thrown.' : ADVICE[reason]);
}

/** @param {Job} job */
export function progress({ state, phase, percent: share, eta_s: left, message }) {
  if (state === 'idle') return message || 'Nothing is being trained.';
  if (state !== 'running') return `${{ published: 'Published', refused: 'Refused', failed: 'Failed' }[state]}. ${message}`.trim();
  const rest = left === null ? '' : `, about ${duration(left)} left`;
  return `${sentence(phase || 'At work')}: ${Math.round(share)} %${rest}. ${message}`.trim();
}

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** @param {NonNullable<Lab['adding']>} adding */
export function addition({ label, done, all, faults }) {
  if (done < all) return `Adding to ${label}: ${done} of ${all}…`;
  const kept = done - faults.length;
  const good = kept === 1 ? `One picture was added to ${label}.` : `${kept} pictures were added to ${label}.`;
  return faults.length === 0 ? good : `${kept > 0 ? `${good} ` : ''}Not added: ${faults.join('; ')}`;
}

/** @param {{ points: string | null, pixels: string | null } | null} versions */
export function named(versions) {
  return versions === null ? ['–', '–'] : [versions.points ?? '–', versions.pixels ?? '–'];
}

/** @param {number | null} value @param {number} n how many it is of */
export const share = (value, n) => (n === 0 || value === null || value === undefined ? '–' : percent(value));
