/**
 * The one owner of the WebSocket: it opens it, watches over it and opens it again. What is said over it is decided
 * elsewhere.
 *
 * A socket can die without closing (a sleeping laptop, a changed network), so silence is answered with a `ping`, and
 * an unanswered ping ends the socket. It counts as up only between the server's `welcome` and its end. A socket that
 * gave way to another window's stays closed until the player wants this one: else the two would take the game from
 * each other without end.
 *
 * @import { ClientMessage, ServerMessage } from './protocol.js'
 * @typedef {'online' | 'reconnecting' | 'offline' | 'elsewhere'} Status
 * @typedef {object} Ports
 * @property {() => void} opened the socket is open: say hello
 * @property {(message: ServerMessage) => void} told
 * @property {(status: Status) => void} changed
 */

export const PROTOCOL = 'rps.v1';
export const PING_AFTER_MS = 8_000;
export const PONG_WITHIN_MS = 5_000;
/** The server's word that the player has opened the game in another window. */
export const OPENED_ELSEWHERE = 4001;
export const WELCOME_WITHIN_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/**
 * How long to wait before attempt `attempt` (from 0): doubled each time, half of it by chance so that the browsers
 * that one restart cut off do not come back all at once.
 * @param {number} attempt
 * @param {number} chance in [0, 1)
 */
export function backoff(attempt, chance) {
  const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return (longest * (1 + chance)) / 2;
}

export class Link {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watch;
  #greeted = false;
  #attempt = 0;
  /** The server asked for peace until then. */
  #notBefore = 0;
  /** @type {string} */ #url;
  /** @type {Ports} */ #ports;

  /** @param {string} url @param {Ports} ports */
  constructor(url, ports) {
    this.#url = url;
    this.#ports = ports;
  }

  /** Open the socket now; an earlier one is let go. */
  open() {
    if (this.#greeted) this.#ports.changed('reconnecting');
    this.#drop();
    const socket = new WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    socket.onopen = () => this.#ports.opened();
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code }) => (code === OPENED_ELSEWHERE ? this.#gaveWay() : this.#lost());
    this.#watch = setTimeout(() => this.#lost(), WELCOME_WITHIN_MS);
  }

  /** @param {ClientMessage} message @returns {boolean} whether it was handed to an open socket */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** @param {ClientMessage} message @param {Blob} picture the frame that must follow it @returns {boolean} */
  sendWith(message, picture) {
    if (!this.send(message)) return false;
    this.#socket?.send(picture);
    return true;
  }

  /** The network or the player has come back: see at once whether the socket still lives. */
  wake() {
    if (this.#greeted) this.#probe();
    else if (this.#socket === null && Date.now() >= this.#notBefore) this.open();
  }

  /** @param {string} data */
  #received(data) {
    const message = /** @type {ServerMessage} */ (JSON.parse(data));
    if (message.type === 'welcome') {
      this.#greeted = true;
      this.#attempt = 0;
      this.#ports.changed('online');
    }
    if (this.#greeted) this.#listen();
    if (message.type === 'draining') this.#yield(message.retry_after_ms);
    if (message.type !== 'pong') this.#ports.told(message);
  }

  #listen() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#probe(), PING_AFTER_MS);
  }

  #probe() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), PONG_WITHIN_MS);
    this.send({ type: 'ping', t: Date.now() });
  }

  /** Go on using the socket of a server that is about to stop, but come back by ourselves. @param {number} ms */
  #yield(ms) {
    const wait = ms * (1 + Math.random() / 4);
    this.#notBefore = Date.now() + wait;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), wait);
  }

  #gaveWay() {
    this.#drop();
    this.#ports.changed('elsewhere');
  }

  #lost() {
    this.#drop();
    this.#ports.changed(navigator.onLine ? 'reconnecting' : 'offline');
    const wait = Math.max(backoff(this.#attempt++, Math.random()), this.#notBefore - Date.now());
    this.#retry = setTimeout(() => this.open(), wait);
  }

  /** Let go of the socket without waiting for its end: a dead one would not close for a long time. */
  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    this.#greeted = false;
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
