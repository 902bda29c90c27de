/**
 * Has every seal checked once, as soon as it can be, and brings the verdict back into the state.
 *
 * @import { State } from './state.js'
 * @typedef {(change: (state: State) => State) => void} Update
 */

import { matchChecked, sealChecked } from './acts.js';
import { available, matchChecks, sealFaults } from './seal.js';

export class Notary {
  /** @type {Set<string>} */ #taken = new Set();
  /** @type {Update} */ #update;

  /** @param {Update} update */
  constructor(update) {
    this.#update = update;
  }

  /** @param {State} state */
  inspect({ match }) {
    if (match === null) return this.#taken.clear();
    const { id } = match;
    for (const { round, commitment, result } of match.rounds) {
      if (result === null) continue;
      this.#once(`${id}:${round}`, async () => {
        if (!available()) return (state) => sealChecked(state, id, round, { verdict: 'unchecked', faults: [] });
        const faults = await sealFaults(id, commitment, result);
        return (state) => sealChecked(state, id, round, { verdict: faults.length ? 'broken' : 'holds', faults });
      });
    }
    const { over } = match;
    if (over === null || !available()) return;
    this.#once(`${id}:over`, async () => {
      const checks = await matchChecks({ ...match, over });
      return (state) => matchChecked(state, id, checks);
    });
  }

  /** @param {string} what @param {() => Promise<(state: State) => State>} check */
  async #once(what, check) {
    if (this.#taken.has(what)) return;
    this.#taken.add(what);
    this.#update(await check());
  }
}
