/**
 * What outlives a refresh. A browser may forbid storage altogether; then everything is remembered until the tab goes.
 *
 * @import { Hand } from './hand.js'
 * @import { Pins } from './state.js'
 * @typedef {Pick<Hand, 'consented' | 'countdown'>} HandSettings
 */

const TOKEN = 'rps-quest.token';
const NAME = 'rps-quest.name';
const PINS = 'rps-quest.pins';
const HAND = 'rps-quest.hand';

export class Store {
  /** @type {Map<string, string>} */ #memory = new Map();

  /** @returns {string | null} */
  token() {
    return this.#read(TOKEN);
  }

  /** @param {string | null} token */
  keepToken(token) {
    this.#write(TOKEN, token);
  }

  /** @returns {string | null} */
  name() {
    return this.#read(NAME);
  }

  /** @param {string | null} name */
  keepName(name) {
    this.#write(NAME, name);
  }

  /** @returns {Pins | null} */
  pins() {
    return this.#parsed(PINS);
  }

  /** @param {Pins | null} pins */
  keepPins(pins) {
    this.#write(PINS, JSON.stringify(pins));
  }

  /** @returns {Partial<HandSettings>} */
  hand() {
    return this.#parsed(HAND) ?? {};
  }

  /** @param {HandSettings} settings */
  keepHand({ consented, countdown }) {
    this.#write(HAND, JSON.stringify({ consented, countdown }));
  }

  /** @param {string} key */
  #parsed(key) {
    try {
      return JSON.parse(this.#read(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param {string} key */
  #read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return this.#memory.get(key) ?? null;
    }
  }

  /** @param {string} key @param {string | null} value */
  #write(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {
      if (value === null) this.#memory.delete(key);
      else this.#memory.set(key, value);
    }
  }
}
