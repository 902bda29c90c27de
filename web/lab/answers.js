/**
 * The server's answers as the page uses them.
 *
 * @import { Looks, Sighting } from './state.js'
 */

/**
 * What a model saw. One that answers without a `guess` says the likeliest in `label`, and whether it is `clear`.
 * @param {any} answer
 * @returns {Sighting | null}
 */
export function sighting(answer) {
  if (answer === null || answer === undefined) return null;
  const { label, confidence, probabilities, version, reason = null, advice = null, landmarks = [] } = answer;
  const accepted = answer.accepted ?? answer.clear ?? false;
  return { label, guess: answer.guess ?? label, confidence, probabilities, landmarks, accepted, reason, advice, version };
}

/** @param {any} answer of one model or of both @returns {Looks} */
export function looks(answer) {
  if ('Production' in answer) return { Production: sighting(answer.Production), B: sighting(answer.B) };
  return { Production: sighting(answer) };
}

/**
 * Why something was refused, in words.
 * @param {number} status
 * @param {any} body `{ code, message }`, where there is one
 */
export function refusal(status, body) {
  if (typeof body?.message === 'string' && body.message !== '') return body.message;
  if (typeof body?.error === 'string') return body.error;
  return `The server answered with ${status}.`;
}
