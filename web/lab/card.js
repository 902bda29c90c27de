/**
 * What one model saw in a picture.
 *
 * @import { Label } from '../protocol.js'
 * @import { Side, Sighting } from './state.js'
 */

import { LABELS } from '../view/advice.js';
import { el } from '../view/dom.js';
import { icon } from '../view/icons.js';
import { percent } from '../view/words.js';
import { because, verdict } from './words.js';

const ICONS = { rock: 'rock', paper: 'paper', scissors: 'scissors', other: 'hand', none: 'unchecked' };

/** @param {Side} side @param {Sighting} seen @param {boolean} alone */
export function card(side, seen, alone) {
  const labels = /** @type {Label[]} */ (Object.keys(LABELS)).filter((label) => label in seen.probabilities);
  return el(
    'article', { class: 'panel look', 'data-side': side, 'data-accepted': seen.accepted ? 'yes' : 'no', 'data-guess': seen.guess },
    el('h2', {}, alone ? 'What it sees' : side),
    el('p', { class: 'verdict' }, icon(ICONS[seen.guess]), el('span', {}, verdict(seen))),
    el('p', {}, because(seen)),
    el('div', { class: 'bars' }, ...labels.map((label) => bar(label, seen.probabilities[label], label === seen.guess))),
    el('p', { class: 'hint' }, `Confidence ${percent(seen.confidence)}, by `, el('code', {}, seen.version)),
  );
}

/** @param {Label} label @param {number} share @param {boolean} likeliest */
function bar(label, share, likeliest) {
  const fill = el('i');
  fill.style.width = `${100 * share}%`;
  return el('div', { class: 'expected', ...(likeliest && { 'data-guess': '' }) },
    el('span', {}, LABELS[label]), el('div', { class: 'bar', 'aria-hidden': 'true' }, fill), el('span', { class: 'share' }, percent(share)));
}
