/**
 * The one owner of the camera: it turns it on and off and takes pictures. When that happens is decided elsewhere.
 *
 * @import { Trouble } from './hand.js'
 */

import { jpeg } from './picture.js';

const WISH = { audio: false, video: { facingMode: 'user', width: { ideal: 640 }, height: { ideal: 480 } } };

/** @type {Readonly<Record<string, Trouble>>} What a browser calls it, and what we do. */
const TROUBLES = {
  NotAllowedError: 'denied', SecurityError: 'denied',
  NotFoundError: 'none', OverconstrainedError: 'none', DevicesNotFoundError: 'none',
  NotReadableError: 'busy', AbortError: 'busy', TrackStartError: 'busy',
};

/** @param {unknown} error that `getUserMedia` was rejected with @returns {Trouble} */
export const trouble = (error) => TROUBLES[/** @type {{ name?: string }} */ (error)?.name ?? ''] ?? 'failed';

export class Camera {
  /** @type {MediaStream | null} */ #stream = null;
  /** Counts starts and stops, so that a camera that comes too late is known. */
  #turn = 0;
  /** @type {HTMLVideoElement} */ #video;
  /** @type {() => void} */ #lost;

  /** @param {HTMLVideoElement} video that shows it @param {() => void} lost called when it goes by itself */
  constructor(video, lost) {
    this.#video = video;
    this.#lost = lost;
  }

  /** Browsers hide their cameras from pages that are not served by https or from localhost. */
  get possible() {
    return globalThis.isSecureContext && navigator.mediaDevices?.getUserMedia !== undefined;
  }

  /** @returns {Promise<'on' | Trouble | null>} null if it was stopped before it came on */
  async start() {
    if (!this.possible) return 'insecure';
    const turn = ++this.#turn;
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WISH);
      if (turn !== this.#turn) return end(stream);
      this.#stream = stream;
      for (const track of stream.getTracks()) track.addEventListener('ended', () => this.#ended(stream));
      this.#video.srcObject = stream;
      await this.#video.play();
      return turn === this.#turn ? 'on' : null;
    } catch (error) {
      if (turn !== this.#turn) return null;
      this.stop();
      return trouble(error);
    }
  }

  stop() {
    this.#turn += 1;
    if (this.#stream !== null) end(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /**
   * What it sees now.
   * @param {{ side: number, bytes: number }} most
   * @returns {Promise<Blob | null>} null while it sees nothing
   */
  async frame(most) {
    const { videoWidth: width, videoHeight: height } = this.#video;
    return this.#stream === null || width === 0 ? null : jpeg(this.#video, { width, height }, most);
  }

  /** @param {MediaStream} stream */
  #ended(stream) {
    if (stream !== this.#stream) return;
    this.stop();
    this.#lost();
  }
}

/** @param {MediaStream} stream @returns {null} */
function end(stream) {
  for (const track of stream.getTracks()) track.stop();
  return null;
}
