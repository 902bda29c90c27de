/**
 * The laboratory's renderer: the state in, the page out.
 *
 * What tests may hold on to:
 *   body[data-mode]  asking · visitor · locked · operator
 *   #lab-file #lab-stage[data-has="nothing|camera|picture"] #lab-switch #lab-shoot #lab-note #lab-alarm
 *   #looks > [data-side="Production|B"][data-accepted="yes|no"][data-guess]  what was seen
 *   #token-form #token #token-wrong
 *   #shelves [data-label] #add-files #added #retrain #job-text #job-bar #rollback #rollback-yes #ordered
 *
 * @import { Move } from '../protocol.js'
 * @import { Lab } from './state.js'
 * @typedef {object} Intents
 * @property {(file: File) => void} show
 * @property {() => void} switchCamera
 * @property {() => void} shoot
 * @property {(token: string) => void} enter
 * @property {(label: Move, files: File[]) => void} add
 * @property {() => void} retrain
 * @property {() => void} rollBack
 */

import { cameraSays, isTrouble } from '../view/advice.js';
import { el, find, mark, show, write } from '../view/dom.js';
import { takesFiles } from '../view/drop.js';
import { icon } from '../view/icons.js';
import { Overlay } from '../view/overlay.js';
import { card } from './card.js';
import { OperatorView } from './operator.js';

export class LabView {
  /** @type {Document} */ #page;
  /** @type {Overlay} */ #overlay;
  /** @type {OperatorView} */ #operator;
  /** @type {Lab['looks'] | null} */ #told = null;

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#page = page;
    for (const place of page.querySelectorAll('[data-icon]')) place.append(icon(place.getAttribute('data-icon') ?? ''));
    this.#overlay = new Overlay(find(page, '#lab-landmarks'), 'meet');
    this.#operator = new OperatorView(page, intents);
    const chooser = /** @type {HTMLInputElement} */ (find(page, '#lab-file'));
    const take = (/** @type {readonly File[]} */ [file]) => file !== undefined && intents.show(file);
    find(page, '#lab-choose').addEventListener('click', () => chooser.click());
    chooser.addEventListener('change', () => {
      take([...(chooser.files ?? [])]);
      chooser.value = '';
    });
    takesFiles(find(page, '#lab-stage'), take);
    find(page, '#lab-switch').addEventListener('click', intents.switchCamera);
    find(page, '#lab-shoot').addEventListener('click', intents.shoot);
    find(page, '#token-form').addEventListener('submit', (event) => {
      event.preventDefault();
      intents.enter(/** @type {HTMLInputElement} */ (find(page, '#token')).value.trim());
    });
  }

  /** @param {Lab} lab */
  render(lab) {
    const page = this.#page;
    mark(page.body, 'data-mode', lab.mode);
    show(find(page, '#token-form'), lab.mode === 'locked');
    show(find(page, '#token-wrong'), lab.wrong);
    const alarm = lab.trouble ?? lab.down;
    show(find(page, '#lab-alarm'), alarm !== null);
    write(find(page, '#lab-alarm'), alarm ?? '');
    this.#stage(lab);
    if (lab.looks !== this.#told) this.#looks(lab);
    this.#operator.render(lab);
  }

  /** @param {Lab} lab */
  #stage({ camera, picture, looking, looks }) {
    const page = this.#page;
    const live = camera === 'on';
    mark(find(page, '#lab-stage'), 'data-has', live ? 'camera' : picture === null ? 'nothing' : 'picture');
    show(find(page, '#lab-camera'), live);
    show(find(page, '#lab-empty'), !live && picture === null);
    const image = find(page, '#lab-picture');
    show(image, !live && picture !== null);
    if (picture !== null) mark(image, 'src', picture.url);
    const points = live ? [] : (looks.Production?.landmarks ?? []);
    this.#overlay.draw(points, picture?.width ?? 4, picture?.height ?? 3);
    write(find(page, '#lab-switch span:last-child'), live || camera === 'starting' ? 'Turn it off' : 'Use the camera');
    show(find(page, '#lab-shoot'), live);
    write(find(page, '#lab-note'), note(camera, looking));
  }

  /** @param {Lab} lab */
  #looks({ looks }) {
    this.#told = looks;
    const sides = /** @type {const} */ (['Production', 'B']);
    const cards = sides.flatMap((side) => {
      const seen = looks[side];
      return seen ? [card(side, seen, !('B' in looks))] : [];
    });
    const absent = 'B' in looks && looks.B === null ? [el('p', { class: 'hint' }, 'There is no version B to compare with.')] : [];
    find(this.#page, '#looks').replaceChildren(...cards, ...absent);
  }
}

/** @param {Lab['camera']} camera @param {boolean} looking */
function note(camera, looking) {
  if (looking) return 'Looking…';
  if (camera === 'starting' || isTrouble(camera)) return cameraSays(camera);
  return camera === 'on' ? 'Only the picture that you take is sent.' : '';
}
