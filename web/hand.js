/**
 * Playing by a sign of the hand, as a function: what the player does and what the server saw in, the next state out.
 * `state.hand` is all there is to know; cameras, clocks and pictures are elsewhere.
 *
 * Objects stand for moments: every `phase`, `sent` and `gap` is made anew when its time begins (see `timetable.js`).
 *
 * @import { Cause, Input, Intent, Label, Move, Refused, Seen } from './protocol.js'
 * @import { State } from './state.js'
 *
 * @typedef {'denied' | 'none' | 'busy' | 'insecure' | 'unplugged' | 'failed'} Trouble
 * @typedef {'camera' | 'photo'} Means
 * @typedef {Extract<Input, 'camera' | 'upload'>} Shown
 * @typedef {Cause | 'no-answer' | 'too-fast' | 'unreadable' | 'elsewhere'} Why
 * @typedef {{ label: Label, confidence: number, reason: Why | null, landmarks: readonly number[][] }} Sight
 * @typedef {{ name: 'idle' }} Idle
 * @typedef {{ name: 'counting', left: number }} Counting seconds
 * @typedef {{ name: 'looking', input: Shown }} Looking the picture of a throw is taken, sent and looked at
 * @typedef {{ name: 'told', input: Shown, reason: Why, guess: Move | null }} Told
 * The picture was no clear throw.
 *
 * @typedef {object} Hand
 * @property {boolean} wanted the switch is on
 * @property {Means | null} asking what the player is asked to consent to
 * @property {boolean} consented
 * @property {boolean} donate throws may be kept to learn from
 * @property {number} countdown seconds before the picture of a throw; 0: only on demand
 * @property {boolean} running it counts down by itself, round after round
 * @property {boolean} visible somebody can see the page
 * @property {boolean} blind the server sees no hands
 * @property {'off' | 'starting' | 'on' | Trouble} camera
 * @property {number | null} round that the rest is about
 * @property {Idle | Counting | Looking | Told} phase
 * @property {{ intent: Intent, round: number } | null} sent the picture that is not answered yet
 * @property {{ ms: number }} gap to leave before the next preview
 * @property {Sight | null} sight what the latest preview showed
 * @property {number | null} forgotten how many gifts were deleted just now
 */

import { openRound, threw } from './acts.js';
import { MOVES } from './rules.js';

export const COUNTDOWNS = [0, 1, 3, 5];
const COUNTDOWN = 3;
/** With the time that an answer takes, four to five previews a second. */
export const GAP_MS = 150;
const PEACE_MS = 1000;

/** @type {ReadonlySet<string>} Refusals that only a picture can get. */
const OF_PICTURES = new Set(['gestures-off', 'bad-image', 'too-large', 'unexpected-binary']);
/** @type {ReadonlySet<string>} Refusals that a picture can get as well as a move. */
const OF_BOTH = new Set(['slow-down', 'stale-round', 'round-not-open', 'already-moved', 'match-over', 'draining']);

/** @param {{ consented?: boolean, countdown?: number }} kept from before a refresh @returns {Hand} */
export function openHand({ consented = false, countdown = COUNTDOWN } = {}) {
  return {
    wanted: false, asking: null, consented, donate: false,
    countdown: COUNTDOWNS.includes(countdown) ? countdown : COUNTDOWN,
    running: false, visible: true, blind: false, camera: 'off', round: null,
    phase: { name: 'idle' }, sent: null, gap: { ms: 0 }, sight: null, forgotten: null,
  };
}

/** @param {State} state @param {Partial<Hand>} change @returns {State} */
const having = (state, change) => ({ ...state, hand: { ...state.hand, ...change } });

/** @returns {Idle} */
const idle = () => ({ name: 'idle' });

/** @param {State} state whether a sign can be thrown now */
export function playable(state) {
  return openRound(state) !== null && state.pending === null && !state.leaving && state.link === 'online';
}

/** @param {State} state */
export function wantsCamera({ match, hand }) {
  return hand.wanted && hand.consented && hand.visible && !hand.blind && match !== null && match.over === null;
}

/** What the player does. */

/** @param {State} state @param {boolean} possible whether this page may use cameras at all @returns {State} */
export function switched(state, possible) {
  const { wanted, consented } = state.hand;
  if (wanted) return having(state, { wanted: false, running: false, phase: idle(), sight: null, camera: 'off', blind: false });
  if (!possible) return having(state, { wanted: true, camera: 'insecure' });
  return having(state, consented ? { wanted: true, camera: 'off', blind: false } : { asking: 'camera', blind: false });
}

/** @param {State} state @returns {State} after the trouble is put right */
export const retried = (state) => having(state, { camera: 'off', blind: false });

/** @param {State} state @returns {State} */
export const askedForPhoto = (state) => having(state, { asking: 'photo' });

/** @param {State} state @returns {State} */
export function consented(state) {
  const wanted = state.hand.wanted || state.hand.asking === 'camera';
  return having(state, { consented: true, asking: null, wanted });
}

/** @param {State} state @returns {State} */
export const declined = (state) => (state.hand.asking === null ? state : having(state, { asking: null }));

/** @param {State} state @param {boolean} donate @returns {State} */
export const donating = (state, donate) => having(state, { donate, forgotten: null });

/** @param {State} state @param {number} countdown @returns {State} */
export const counted = (state, countdown) => having(state, { countdown, running: false, phase: idle() });

/** The one button, and the space key: count down, stop counting, or take the picture now. @param {State} state */
export function pressed(state) {
  const { hand } = state;
  if (hand.running) return having(state, { running: false, phase: hand.phase.name === 'counting' ? idle() : hand.phase });
  if (hand.camera !== 'on' || !playable(state) || hand.phase.name === 'looking') return state;
  return hand.countdown === 0 ? looked(state, 'camera') : counting(having(state, { running: true }), hand.countdown);
}

/** @param {State} state @returns {State} yes: the guess is thrown */
export function affirmed(state) {
  const { phase } = state.hand;
  if (phase.name !== 'told' || phase.guess === null) return state;
  return threw(state, phase.guess, phase.input);
}

/** @param {State} state @returns {State} no: show it again */
export function denied(state) {
  const { phase, running, countdown } = state.hand;
  if (phase.name !== 'told') return state;
  return running ? counting(state, countdown) : having(state, { phase: idle() });
}

/** @param {State} state @param {boolean} visible @returns {State} */
export const beheld = (state, visible) => having(state, { visible });

/** What the camera and the clock do. */

/** @param {State} state @param {Hand['camera']} camera @returns {State} */
export function cameraIs(state, camera) {
  return having(state, { camera, ...(camera !== 'on' && { sight: null }), gap: { ms: 0 } });
}

/** @param {State} state @param {number} left @returns {State} */
export function counting(state, left) {
  return left > 0 ? having(state, { phase: { name: 'counting', left } }) : looked(state, 'camera');
}

/** @param {State} state @param {Shown} input @returns {State} */
export const looked = (state, input) => having(state, { phase: { name: 'looking', input } });

/** @param {State} state @param {Intent} intent @returns {State} a picture has left */
export const posted = (state, intent) => having(state, { sent: { intent, round: state.hand.round ?? 0 } });

/** @param {State} state @returns {State} no answer came in time */
export const unheard = (state) => having(state, { sent: null, gap: { ms: GAP_MS } });

/** @param {State} state @param {Why} reason @returns {State} the picture of a throw came to nothing */
export function failed(state, reason) {
  const { phase } = state.hand;
  if (phase.name !== 'looking') return state;
  return having(state, { phase: { name: 'told', input: phase.input, reason, guess: null } });
}

/** What the server says. */

/** @param {State} state @param {Seen} seen @returns {State} */
export function saw(state, seen) {
  const { hand, match } = state;
  const answered = having(state, { sent: null, gap: { ms: GAP_MS } });
  if (seen.match !== match?.id || seen.round !== hand.round) return answered;
  const { label, confidence, accepted, reason = null, landmarks = [] } = seen;
  const { phase, sent } = hand;
  const input = phase.name === 'looking' ? phase.input : 'camera';
  // Kept like a pressed button's, so that a throw that was seen survives a lost socket too.
  if (accepted && isMove(label)) return threw(having(answered, { phase: idle() }), label, input);
  if (sent?.intent !== 'play' || phase.name !== 'looking') {
    return having(answered, { sight: { label, confidence, reason, landmarks } });
  }
  const guess = isMove(label) ? label : null;
  return having(answered, { phase: { name: 'told', input, reason: reason ?? 'unsure', guess } });
}

/** @param {Label} label @returns {label is Move} */
export const isMove = (label) => MOVES.some((move) => move === label);

/** @param {Sight | null} sight @returns {boolean} whether it could be thrown as it is */
export const isClear = (sight) => sight !== null && sight.reason === null && isMove(sight.label);

/** @param {State} state @param {Refused} refusal whether it answers a picture and not a move */
export function isOfHand({ hand, pending }, { code, round }) {
  if (OF_PICTURES.has(code)) return true;
  if (hand.sent === null || !OF_BOTH.has(code)) return false;
  return pending === null || (round !== undefined && round !== pending.round);
}

/** @param {State} state @param {Refused} refusal one that `isOfHand` @returns {State} */
export function unseen(state, { code, retry_after_ms: wait }) {
  const answered = having(state, { sent: null, gap: { ms: wait ?? PEACE_MS } });
  if (code === 'gestures-off') return having(answered, { blind: true, running: false, phase: idle(), camera: 'off', sight: null });
  return failed(answered, REASONS[code] ?? 'elsewhere');
}

/** @type {Readonly<Record<string, Why>>} */
const REASONS = {
  'bad-image': 'unreadable', 'too-large': 'unreadable', 'unexpected-binary': 'unreadable',
  'slow-down': 'too-fast', draining: 'no-answer',
};

/** @param {State} state @param {number} donations @returns {State} */
export const forgot = (state, donations) => having(state, { forgotten: donations });

/**
 * After every change: what was about a round ends with it, and nothing is counted or looked at that cannot be thrown.
 * @param {State} state
 * @returns {State}
 */
export function settled(state) {
  const { hand } = state;
  const round = openRound(state)?.round ?? null;
  if (round !== hand.round) return settled(having(state, { round, phase: idle(), sight: null, forgotten: null }));
  if (hand.running && (state.match === null || state.match.over !== null)) return settled(having(state, { running: false }));
  const { phase, sent } = hand;
  if (sent !== null && state.link !== 'online') return settled(having(state, { sent: null, gap: { ms: GAP_MS } }));
  if (phase.name !== 'idle' && !playable(state)) return having(state, { phase: idle() });
  if (phase.name === 'counting' && hand.camera !== 'on') return having(state, { phase: idle() });
  return state;
}
