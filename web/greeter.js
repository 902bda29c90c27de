/**
 * Who we are to the server: the hello on every new socket, and the token that each welcome replaces.
 *
 * @import { ClientMessage } from './protocol.js'
 * @import { Store } from './store.js'
 */

const TURN = 'rps-quest-hello';

export class Greeter {
  /** @type {() => void} */ #done = () => {};
  /** @type {AbortController} */ #waiting = new AbortController();
  /** @type {string | null} */ #said = null;
  /** @type {Store} */ #store;
  /** @type {(message: ClientMessage) => boolean} */ #send;

  /** @param {Store} store @param {(message: ClientMessage) => boolean} send */
  constructor(store, send) {
    this.#store = store;
    this.#send = send;
  }

  /**
   * Say hello, one tab after the other: two tabs that come back together must not both use the token that only the
   * first of them can.
   */
  async hello() {
    this.quit();
    const waiting = new AbortController();
    this.#waiting = waiting;
    const turn = () => new Promise((/** @type {(value: void) => void} */ done) => {
      this.#done = done;
      if (!this.#say()) done();
    });
    // Browsers hide locks, like WebCrypto, where the page is served without https.
    if (navigator.locks === undefined) return turn();
    return navigator.locks.request(TURN, { signal: waiting.signal }, turn).catch((error) => {
      if (!waiting.signal.aborted) throw error;
    });
  }

  /** @param {string} token the one that replaces ours */
  welcomed(token) {
    this.#store.keepToken(token);
    this.#done();
  }

  /** The token was refused: another tab may have stored its successor; if not, we are somebody new. */
  refused() {
    if (this.#store.token() === this.#said) this.#store.keepToken(null);
    this.#say();
  }

  /** The socket is gone: let the next tab have its turn. */
  quit() {
    this.#waiting.abort();
    this.#done();
  }

  #say() {
    const token = this.#store.token();
    const name = this.#store.name();
    this.#said = token;
    return this.#send({ type: 'hello', ...(token !== null && { token }), ...(name !== null && { name }) });
  }
}
