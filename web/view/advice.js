/**
 * What is said about a hand that was looked at, and about a camera that cannot be used.
 *
 * @import { Cause, Label } from '../protocol.js'
 * @import { Hand, Told, Trouble, Why } from '../hand.js'
 */

import { isClear, isMove } from '../hand.js';
import { percent } from './words.js';

/** @type {Readonly<Record<Label, string>>} */
export const LABELS = { rock: 'Rock', paper: 'Paper', scissors: 'Scissors', other: 'Another sign', none: 'No hand' };

/** @type {Readonly<Record<Cause, string>>} The server's own words. */
export const ADVICE = {
  'no-hand': 'No hand was found; hold it inside the frame.',
  'cut-off': 'The hand is cut off; bring all of it into the frame.',
  'too-dark': 'It is too dark; turn to the light.',
  'too-bright': 'It is too bright; turn away from the light.',
  blurred: 'The picture is blurred; hold still.',
  'several-hands': 'There are several hands; show one.',
  'no-move': 'The hand shows neither rock, paper nor scissors.',
  unsure: 'It could be more than one sign; show it again.',
};

/** @type {Readonly<Record<Why, string>>} */
const REASONS = {
  ...ADVICE,
  'no-answer': 'The picture got no answer. Show it again.',
  'too-fast': 'The server is busy just now. Show it again in a moment.',
  unreadable: 'That could not be read as a picture. A JPEG, PNG or WebP photo works.',
  elsewhere: 'That round is over already.',
};

const STILL = 'Buttons and keys work as ever.';

/** @type {Readonly<Record<Trouble, string>>} */
const TROUBLES = {
  denied: `The browser may not use the camera. Allow it for this page, by the sign in the address bar or in the browser’s settings, and try again.`,
  none: `No camera was found. Plug one in and try again, or use a photo.`,
  busy: `The camera is in use by another program or tab. Close that and try again.`,
  insecure: `Browsers lend a camera only to pages that come by https or from this very computer, and this page does not. A photo can be used all the same.`,
  unplugged: `The camera has gone. Plug it in again and try again, or use a photo.`,
  failed: `The camera did not start. Try again, or use a photo.`,
};

/** @param {Hand['camera']} camera @returns {camera is Trouble} */
export const isTrouble = (camera) => camera in TROUBLES;

/** @param {Exclude<Hand['camera'], 'on'>} camera */
export const cameraSays = (camera) =>
  isTrouble(camera) ? TROUBLES[camera] : 'Waiting for the camera. Your browser may ask whether it is allowed.';

/** @param {Hand} hand what the player should know or do now */
export function guidance(hand) {
  const { blind, camera, countdown, phase, running, sight, wanted } = hand;
  if (blind) return `This server cannot see hands. ${STILL}`;
  if (phase.name === 'told') return told(phase);
  if (phase.name === 'looking') return 'Looking…';
  if (!wanted) return '';
  if (isTrouble(camera)) return `${cameraSays(camera)} ${STILL}`;
  if (camera !== 'on') return cameraSays(camera);
  if (phase.name === 'counting') return 'Hold your sign in the frame when the count ends.';
  if (running) return 'The next count begins in a moment.';
  if (isClear(sight)) return countdown === 0 ? 'That is clear. Press the button or the space bar to throw it.' : 'That is clear. Count down when you are ready.';
  return sight?.reason ? REASONS[sight.reason] : 'Hold your hand inside the frame.';
}

/** @param {Told} told */
const told = ({ reason, guess }) => (guess === null ? REASONS[reason] : `Did we see ${guess}? ${REASONS[reason]}`);

/** What a reader hears; it changes only where something has. @param {Hand} hand */
export function spoken(hand) {
  const { blind, camera, phase, sight, wanted } = hand;
  if (blind || phase.name === 'told' || (wanted && isTrouble(camera))) return guidance(hand);
  if (phase.name === 'counting') return 'Counting down.';
  return sight !== null && isClear(sight) ? `${LABELS[sight.label]} is seen.` : '';
}

/** @param {Hand} hand what the picture shows, in two words */
export function chip({ sight, phase }) {
  if (sight === null || phase.name === 'looking' || phase.name === 'told') return '';
  const { label, confidence, reason } = sight;
  return label === 'none' || (reason !== null && !isMove(label)) ? LABELS[label] : `${LABELS[label]} ${percent(confidence)}`;
}

/** @param {Hand} hand what the one button does */
export function deed({ running, countdown }) {
  if (running) return 'Stop';
  return countdown === 0 ? 'Throw this sign' : 'Count down';
}
