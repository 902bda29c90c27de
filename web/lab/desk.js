/**
 * The one owner of the laboratory's requests, and of the token that is shown with them.
 *
 * @import { Looks, Report } from './state.js'
 * @import { Move } from '../protocol.js'
 */

import { looks, refusal } from './answers.js';

const TOKEN = 'rps-quest.operator';

/** Something was not done; the message is for the reader. */
export class Refused extends Error {}

export class Desk {
  /** @type {string | null} */ #token;

  constructor() {
    this.#token = sessionStorage.getItem(TOKEN);
  }

  get hasToken() {
    return this.#token !== null;
  }

  /** @param {string | null} token */
  keep(token) {
    this.#token = token;
    if (token === null) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  }

  /** @returns {Promise<{ status: number, report: Report | null }>} raises `Refused` where the server is in trouble */
  async report() {
    const answer = await this.#ask('GET', '/admin/gestures');
    if (answer.status >= 500) throw new Refused(refusal(answer.status, await answer.json().catch(() => null)));
    return { status: answer.status, report: answer.ok ? await answer.json() : null };
  }

  /** @param {Blob} picture @param {boolean} operator both models are asked @returns {Promise<Looks>} */
  async predict(picture, operator) {
    const address = operator ? '/admin/gestures/predict' : '/api/gesture/predict';
    return looks(await this.#done('POST', address, picture));
  }

  /** @param {Move} label @param {Blob} picture */
  add(label, picture) {
    return this.#done('POST', `/admin/gestures/images?label=${label}`, picture);
  }

  retrain() {
    return this.#done('POST', '/admin/retrain', new Blob(['{"what":"gestures"}'], { type: 'application/json' }));
  }

  rollBack() {
    return this.#done('POST', '/admin/gestures/rollback');
  }

  /** @param {string} method @param {string} address @param {Blob} [body] @returns {Promise<any>} */
  async #done(method, address, body) {
    const answer = await this.#ask(method, address, body);
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(refusal(answer.status, said));
    return said;
  }

  /** @param {string} method @param {string} address @param {Blob} [body] */
  async #ask(method, address, body) {
    /** @type {Record<string, string>} */
    const headers = this.#token !== null && address.startsWith('/admin') ? { authorization: `Bearer ${this.#token}` } : {};
    const asked = fetch(address, { method, headers, ...(body && { body }) });
    return asked.catch(() => {
      throw new Refused('The server cannot be reached.');
    });
  }
}
