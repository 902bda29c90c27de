/**
 * What happens by itself, and after how long, as a function of what is known. A moment's `key` is made anew when its
 * time begins, so that a clock must only watch for another key.
 *
 * @import { State } from './state.js'
 * @typedef {{ key: object, afterMs: number, then: (state: State) => State }} Moment
 */

import { counting, failed, playable, unheard } from './hand.js';

const SECOND_MS = 1000;
/** To read how the round before ended and what is offered now. */
export const PAUSE_MS = 2500;
/** To read why a picture was no throw. */
export const READ_MS = 2500;
/** To answer what was asked about it. */
export const ASK_MS = 6000;
export const LOOK_WITHIN_MS = 5000;
export const ANSWER_WITHIN_MS = 1500;

/** @param {State} state @returns {Moment | null} the end of the phase */
export function phaseEnds(state) {
  const { phase: key, running, countdown, camera } = state.hand;
  if (key.name === 'looking') return { key, afterMs: LOOK_WITHIN_MS, then: (now) => failed(now, 'no-answer') };
  if (camera !== 'on' || !playable(state)) return null;
  if (key.name === 'counting') return { key, afterMs: SECOND_MS, then: (now) => counting(now, key.left - 1) };
  if (!running) return null;
  const wait = key.name === 'idle' ? PAUSE_MS : key.guess === null ? READ_MS : ASK_MS;
  return { key, afterMs: wait, then: (now) => counting(now, countdown) };
}

/** @param {State} state @returns {Moment | null} the end of waiting for what was sent */
export function answerIsLate({ hand: { sent: key } }) {
  if (key === null) return null;
  return { key, afterMs: key.intent === 'play' ? LOOK_WITHIN_MS : ANSWER_WITHIN_MS, then: unheard };
}

/** @param {State} state @returns {{ key: object, afterMs: number } | null} when to show the next preview */
export function nextPreview(state) {
  const { camera, phase, sent, gap } = state.hand;
  if (camera !== 'on' || sent !== null || phase.name === 'looking' || !playable(state)) return null;
  return { key: gap, afterMs: gap.ms };
}
