/**
 * What operators see and may do: models and their figures, labelled images, training, the way back.
 *
 * @import { Move } from '../protocol.js'
 * @import { Lab, Report } from './state.js'
 * @import { Intents } from './view.js'
 */

import { MOVES } from '../rules.js';
import { el, find, mark, show, write } from '../view/dom.js';
import { takesFiles } from '../view/drop.js';
import { icon } from '../view/icons.js';
import { NAMES } from '../view/words.js';
import { isAdding } from './state.js';
import { addition, named, progress, share } from './words.js';

export class OperatorView {
  /** @type {Document} */ #page;
  /** @type {Move} */ #label = 'rock';
  #busy = false;
  #tables = '';

  /** @param {Document} page @param {Intents} intents */
  constructor(page, intents) {
    this.#page = page;
    const chooser = /** @type {HTMLInputElement} */ (find(page, '#add-files'));
    const add = (/** @type {Move} */ label, /** @type {File[]} */ files) => {
      if (!this.#busy && files.length > 0) intents.add(label, files);
    };
    chooser.addEventListener('change', () => {
      add(this.#label, [...(chooser.files ?? [])]);
      chooser.value = '';
    });
    const choose = (/** @type {Move} */ label) => {
      this.#label = label;
      if (!this.#busy) chooser.click();
    };
    find(page, '#shelves').append(...MOVES.map((label) => shelf(label, () => choose(label), (files) => add(label, files))));
    find(page, '#retrain').addEventListener('click', ({ currentTarget }) => enabled(currentTarget) && intents.retrain());
    this.#confirmRollback(intents);
  }

  /** @param {Intents} intents */
  #confirmRollback(intents) {
    const dialog = /** @type {HTMLDialogElement} */ (find(this.#page, '#rollback-dialog'));
    find(this.#page, '#rollback').addEventListener('click', ({ currentTarget }) => enabled(currentTarget) && dialog.showModal());
    find(dialog, '#rollback-no').addEventListener('click', () => dialog.close());
    find(dialog, '#rollback-yes').addEventListener('click', () => {
      dialog.close();
      intents.rollBack();
    });
  }

  /** @param {Lab} lab */
  render(lab) {
    const { report, mode } = lab;
    this.#busy = isAdding(lab);
    show(find(this.#page, '#operator'), mode === 'operator' && report !== null);
    if (report === null) return;
    for (const label of MOVES) {
      const count = report.labelled[label] ?? 0;
      write(find(this.#page, `#shelves [data-label="${label}"] small`), count === 1 ? '1 picture' : `${count} pictures`);
    }
    write(find(this.#page, '#donated'), report.donated === 1 ? 'Players gave one picture.' : `Players gave ${report.donated} pictures.`);
    write(find(this.#page, '#added'), lab.adding === null ? '' : addition(lab.adding));
    write(find(this.#page, '#ordered'), lab.ordered);
    this.#job(report);
    this.#models(report);
    this.#decisions(report);
  }

  /** @param {Report} report */
  #job({ job }) {
    const running = job.state === 'running';
    mark(find(this.#page, '#retrain'), 'aria-disabled', running || this.#busy ? 'true' : null);
    mark(find(this.#page, '#job-text'), 'data-state', job.state);
    write(find(this.#page, '#job-text'), progress(job));
    const bar = find(this.#page, '#job-bar');
    show(bar, running);
    mark(bar, 'aria-valuenow', String(Math.round(job.percent)));
    find(bar, 'i').style.width = `${job.percent}%`;
  }

  /** @param {Report} report */
  #decisions({ decisions = [] }) {
    show(find(this.#page, '#decided'), decisions.length > 0);
    const place = find(this.#page, '#decisions');
    if (place.childElementCount === decisions.length && place.getAttribute('data-last') === String(decisions[0]?.number)) return;
    mark(place, 'data-last', String(decisions[0]?.number));
    place.replaceChildren(...decisions.map(({ at, kind, by, reason }) =>
      el('li', { 'data-kind': kind }, el('b', {}, kind), ` ${new Date(at).toLocaleString()}, ${by}`, el('p', { class: 'hint' }, reason))));
  }

  /** @param {Report} report */
  #models({ production, before, sources, job }) {
    mark(find(this.#page, '#rollback'), 'aria-disabled', before === null || job.state === 'running' ? 'true' : null);
    const [points, pixels] = named(before);
    write(find(this.#page, '#rollback-text'), `Version B becomes Production again: ${points} for landmarks, ${pixels} for pixels. What serves now becomes B, so this can be undone.`);
    // They are drawn anew only when they change, as this is looked at every second.
    const key = JSON.stringify([production, before, sources]);
    if (key === this.#tables) return;
    this.#tables = key;
    find(this.#page, '#versions-head').replaceChildren(heading('Alias', 'By landmarks', 'By pixels'));
    find(this.#page, '#versions').replaceChildren(version('Production', named(production)), version('B', [points, pixels]));
    find(this.#page, '#sources-head').replaceChildren(heading('Pictures', 'n', 'Production', 'B'));
    const names = [...new Set([...Object.keys(sources.Production ?? {}), ...Object.keys(sources.B ?? {})])];
    show(find(this.#page, '#sources-said'), names.length > 0);
    find(this.#page, '#sources').replaceChildren(...names.map((name) => source(name, sources)));
  }
}

/** @param {EventTarget | null} button */
const enabled = (button) => button instanceof Element && button.getAttribute('aria-disabled') === null;

/** @param {...string} names */
const heading = (...names) => el('tr', {}, ...names.map((name) => el('th', { scope: 'col' }, name)));

/** @param {string} side @param {string[]} versions */
const version = (side, versions) =>
  el('tr', { 'data-side': side }, el('th', { scope: 'row' }, side), ...versions.map((name) => el('td', { class: 'versions' }, el('code', {}, name))));

/** @param {string} name @param {Report['sources']} sources */
function source(name, sources) {
  const cells = /** @type {const} */ (['Production', 'B']).map((side) => {
    const figures = sources[side]?.[name];
    if (figures === undefined) return '–';
    const { accuracy, coverage, accuracy_answered: answered, n } = figures;
    return [accuracy, coverage, answered].map((value) => share(value, n)).join(' · ');
  });
  const n = (sources.Production ?? sources.B)?.[name]?.n ?? 0;
  return el('tr', { 'data-source': name }, el('th', { scope: 'row' }, name), ...[String(n), ...cells].map((cell) => el('td', {}, cell)));
}

/** @param {Move} label @param {() => void} choose @param {(files: File[]) => void} take */
function shelf(label, choose, take) {
  const button = el('button', { type: 'button' }, icon(label), el('span', {}, NAMES[label]), el('small', {}));
  button.addEventListener('click', choose);
  const node = el('li', { 'data-label': label }, button);
  takesFiles(node, take);
  return node;
}
