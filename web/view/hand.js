/**
 * The switch, the mirror and what is said about the hand in it.
 *
 * @import { State } from '../state.js'
 * @import { Intents } from '../view.js'
 */

import { COUNTDOWNS, isClear } from '../hand.js';
import { chip, deed, guidance, isTrouble, spoken } from './advice.js';
import { el, find, mark, show, write } from './dom.js';
import { Overlay } from './overlay.js';
import { NAMES } from './words.js';

export class HandView {
  /** @type {HTMLElement} */ #panel;
  /** @type {HTMLElement} */ #switch;
  /** @type {HTMLVideoElement} */ #video;
  /** @type {Overlay} */ #overlay;
  /** @type {unknown} */ #drawn = null;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#panel = find(page, '#hand');
    this.#switch = find(page, '#hand-switch');
    this.#video = find(page, '#camera');
    this.#overlay = new Overlay(find(page, '#landmarks'));
    this.#switch.addEventListener('click', intents.switchHand);
    const deeds = { '#hand-go': intents.pressHand, '#hand-retry': intents.retryHand, '#hand-yes': intents.affirm, '#hand-no': intents.deny };
    for (const [name, does] of Object.entries(deeds)) find(page, name).addEventListener('click', () => does());
    const countdown = /** @type {HTMLSelectElement} */ (find(page, '#countdown'));
    countdown.append(...COUNTDOWNS.map((seconds) => el('option', { value: String(seconds) }, seconds === 0 ? 'off' : `${seconds} s`)));
    countdown.addEventListener('change', () => intents.setCountdown(Number(countdown.value)));
  }

  /** @param {State} state */
  render({ hand, match }) {
    const { wanted, camera, phase, blind } = hand;
    mark(this.#switch, 'aria-checked', wanted ? 'true' : 'false');
    const byPhoto = (phase.name === 'looking' || phase.name === 'told') && phase.input === 'upload';
    const live = match !== null && match.over === null;
    const came = this.#panel.hidden;
    show(this.#panel, live && (wanted || byPhoto || blind));
    if (this.#panel.hidden) return;
    mark(this.#panel, 'data-camera', camera);
    mark(this.#panel, 'data-phase', phase.name);
    mark(this.#panel, 'data-label', hand.sight?.label ?? null);
    mark(this.#panel, 'data-clear', isClear(hand.sight) ? 'yes' : 'no');
    this.#stage(hand);
    write(find(this.#panel, '#hand-text'), guidance(hand));
    write(find(this.#panel, '#hand-say'), spoken(hand));
    this.#offer(hand);
    // The panel opens above the switch where the page is narrow.
    if (came) this.#panel.scrollIntoView({ block: 'nearest' });
  }

  /** @param {State['hand']} hand */
  #stage(hand) {
    const { wanted, camera, phase, sight, blind } = hand;
    show(find(this.#panel, '#stage'), wanted && !blind && !isTrouble(camera));
    write(find(this.#panel, '#count'), phase.name === 'counting' ? String(phase.left) : '');
    write(find(this.#panel, '#sight'), chip(hand));
    const points = camera === 'on' && phase.name !== 'looking' ? (sight?.landmarks ?? []) : [];
    if (points === this.#drawn) return;
    this.#drawn = points;
    this.#overlay.draw(points, this.#video.videoWidth || 4, this.#video.videoHeight || 3);
  }

  /** @param {State['hand']} hand */
  #offer(hand) {
    const { camera, phase, countdown, blind, running } = hand;
    const guess = phase.name === 'told' ? phase.guess : null;
    const on = camera === 'on' && !blind;
    show(find(this.#panel, '#hand-yes'), guess !== null);
    show(find(this.#panel, '#hand-no'), guess !== null);
    if (guess !== null) write(find(this.#panel, '#hand-yes'), `Yes, ${NAMES[guess].toLowerCase()}`);
    const go = find(this.#panel, '#hand-go');
    show(go, on && (running || guess === null));
    write(go, deed(hand));
    mark(go, 'class', running ? null : 'main');
    show(find(this.#panel, '#hand-retry'), blind || isTrouble(camera));
    show(find(this.#panel, '#countdown-row'), on && !running && guess === null);
    const choice = /** @type {HTMLSelectElement} */ (find(this.#panel, '#countdown'));
    if (choice.value !== String(countdown)) choice.value = String(countdown);
  }
}
