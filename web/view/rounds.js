/**
 * The history of the match, latest first: each round can be opened to see its seal and check it by hand.
 *
 * @import { Result } from '../protocol.js'
 * @import { MatchRound, State, Verdict } from '../state.js'
 */

import { el, find, mark, show, write } from './dom.js';
import { icon } from './icons.js';
import { botName, clash, gained, offer, points } from './words.js';

/** @type {Readonly<Record<Verdict, string>>} */
const SAID = { holds: 'seal holds', broken: 'SEAL BROKEN', unchecked: 'seal not checked', pending: 'checking…' };

/** @type {Readonly<Record<Verdict, string>>} */
const MEANING = {
  holds: 'Your browser checked it: the text hashes to the commitment, and the throw in it is the one that was played.',
  broken: 'This seal does not hold.',
  unchecked: 'This browser lets only pages served by https use SHA-256, so nothing could be checked here.',
  pending: 'Your browser is checking it.',
};

export class RoundsView {
  /** @type {HTMLElement} */ #panel;
  /** @type {Map<number, HTMLElement>} */ #items = new Map();
  #match = '';

  /** @param {Document} page */
  constructor(page) {
    this.#panel = find(page, '#history');
  }

  /** @param {State} state */
  render(state) {
    const { match } = state;
    if (match === null) return;
    if (match.id !== this.#match) this.#clear(match.id);
    for (const round of match.rounds) if (round.result !== null) this.#row(round, round.result, botName(state));
    show(this.#panel, this.#items.size > 0);
  }

  /** @param {string} match */
  #clear(match) {
    this.#match = match;
    this.#items.clear();
    find(this.#panel, '#rounds').replaceChildren();
  }

  /** @param {MatchRound} round @param {Result} result @param {string} bot */
  #row(round, result, bot) {
    const node = this.#items.get(round.round) ?? this.#newRow(round, result, bot);
    const { verdict, faults } = round.seal;
    if (node.dataset.seal === verdict) return;
    mark(node, 'data-seal', verdict);
    const seal = find(node, '.seal');
    seal.replaceChildren(icon(verdict === 'pending' ? 'wax' : verdict), el('span', {}, SAID[verdict]));
    write(find(node, '.meaning'), [MEANING[verdict], ...faults].join(' '));
  }

  /** @param {MatchRound} round @param {Result} result @param {string} bot */
  #newRow(round, result, bot) {
    const node = el('li', { 'data-round': String(round.round), 'data-outcome': result.outcome },
      el('details', {}, summary(round, result, bot), proof(round, result, bot)));
    this.#items.set(round.round, node);
    find(this.#panel, '#rounds').prepend(node);
    return node;
  }
}

/** @param {MatchRound} round @param {Result} result @param {string} bot */
function summary({ round }, { player_move: mine, bot_move: its, gained: won, outcome }, bot) {
  const worth = { win: `+${points(won.player)}`, lose: `−${points(won.bot)}`, draw: `±${points(won.player)}` }[outcome];
  return el('summary', {},
    el('span', { class: 'number' }, String(round)),
    el('span', { class: 'pair' }, icon(mine, `you: ${mine}`), el('span', { class: 'versus' }, 'v'), icon(its, `${bot}: ${its}`)),
    el('span', { class: 'won' }, worth),
    el('span', { class: 'seal' }));
}

/** @param {MatchRound} round @param {Result} result @param {string} bot */
function proof({ values, commitment }, result, bot) {
  const command = `printf '%s' '${result.reveal}' | sha256sum`;
  return el('div', { class: 'proof' },
    el('p', {}, `${clash(result)} ${gained(result, bot)} The values were ${offer(values)}.`),
    el('p', { class: 'meaning' }),
    el('dl', {},
      el('dt', {}, 'Commitment, told before your throw'), el('dd', {}, el('code', { class: 'commitment' }, commitment)),
      el('dt', {}, 'Revealed after it'), el('dd', {}, el('code', { class: 'reveal' }, result.reveal)),
      el('dt', {}, 'Check it yourself: this must print the commitment'), el('dd', {}, el('code', {}, command))));
}
