/**
 * Does at the right time what playing by hand asks for: turns the camera on and off, counts down, and sends pictures,
 * one at a time. What is right is told by `hand.js` and `timetable.js`.
 *
 * @import { Camera } from './camera.js'
 * @import { Looking } from './hand.js'
 * @import { Gesture, Intent } from './protocol.js'
 * @import { State } from './state.js'
 * @typedef {object} Ports
 * @property {Pick<Camera, 'start' | 'stop' | 'frame'>} camera
 * @property {(change: (state: State) => State) => void} update
 * @property {(gesture: Gesture, picture: Blob) => boolean} post whether an open socket took both
 * @property {(file: Blob, most: { side: number, bytes: number }) => Promise<Blob | null>} photo
 */

import { cameraIs, failed, looked, playable, posted, unheard, wantsCamera } from './hand.js';
import { answerIsLate, nextPreview, phaseEnds } from './timetable.js';

/** A picture has to fit into one frame of the socket, 256 KiB. */
const BYTES = 240 * 1024;
const PREVIEW = { side: 480, bytes: BYTES };
const THROW = { side: 640, bytes: BYTES };
const PHOTO = { side: 1024, bytes: BYTES };

export class Shutter {
  /** @type {State | null} */ #state = null;
  /** @type {Ports} */ #ports;
  /** @type {Blob | null} */ #file = null;
  /** @type {Looking | null} */ #taken = null;
  /** @type {{ phase: Looking, picture: Blob } | null} */ #ready = null;
  #phase = new Clock();
  #answer = new Clock();
  #preview = new Clock();

  /** @param {Ports} ports */
  constructor(ports) {
    this.#ports = ports;
  }

  /** @param {Blob} file a photo whose sign is to be thrown; it waits where consent is asked for */
  choose(file) {
    this.#file = file;
  }

  /** Throw what the photo shows that was chosen. */
  show() {
    if (this.#file !== null) this.#ports.update((now) => (playable(now) ? looked(now, 'upload') : now));
  }

  /** @param {State} state the latest */
  follow(state) {
    this.#state = state;
    const { update } = this.#ports;
    this.#turn(state);
    for (const [clock, moment] of /** @type {const} */ ([[this.#phase, phaseEnds(state)], [this.#answer, answerIsLate(state)]])) {
      clock.watch(moment, () => moment && update(moment.then));
    }
    const preview = nextPreview(state);
    this.#preview.watch(preview, () => preview && void this.#peek(preview.key));
    const { phase } = state.hand;
    if (phase.name === 'looking' && phase !== this.#taken) void this.#take(phase);
    this.#deliver();
  }

  /** @param {State} state */
  #turn(state) {
    const { camera, update } = this.#ports;
    const wanted = wantsCamera(state);
    const is = state.hand.camera;
    if (wanted && is === 'off') {
      update((now) => cameraIs(now, 'starting'));
      void camera.start().then((came) => came !== null && update((now) => cameraIs(now, came)));
    } else if (!wanted) {
      camera.stop();
      if (is === 'starting' || is === 'on') update((now) => cameraIs(now, 'off'));
    }
  }

  /** @param {object} key of the moment that it is taken for */
  async #peek(key) {
    const picture = await this.#ports.camera.frame(PREVIEW);
    if (this.#state === null || nextPreview(this.#state)?.key !== key) return;
    if (picture === null) this.#ports.update(unheard);
    else this.#post('preview', picture);
  }

  /** @param {Looking} phase */
  async #take(phase) {
    this.#taken = phase;
    const { camera, photo, update } = this.#ports;
    const file = this.#file;
    const picture = phase.input === 'camera' ? await camera.frame(THROW) : file && (await photo(file, PHOTO));
    if (this.#state?.hand.phase !== phase) return;
    if (picture === null) return update((now) => failed(now, phase.input === 'camera' ? 'no-answer' : 'unreadable'));
    this.#ready = { phase, picture };
    this.#deliver();
  }

  /** A throw's picture waits until the preview before it is answered: `seen` does not say which one it is about. */
  #deliver() {
    const ready = this.#ready;
    if (ready === null || this.#state === null || this.#state.hand.sent !== null) return;
    this.#ready = null;
    if (ready.phase === this.#state.hand.phase) this.#post('play', ready.picture);
  }

  /** @param {Intent} intent @param {Blob} picture */
  #post(intent, picture) {
    const { match, hand } = /** @type {State} */ (this.#state);
    if (match === null || hand.round === null) return;
    /** @type {Gesture} */
    const gesture = { type: 'gesture', match: match.id, round: hand.round, intent };
    if (intent === 'play' && hand.donate) gesture.donate = true;
    if (hand.phase.name === 'looking' && hand.phase.input === 'upload') gesture.input = 'upload';
    if (this.#ports.post(gesture, picture)) this.#ports.update((now) => posted(now, intent));
  }
}

/** Rings once for each moment, and not for one that passed before its time. */
class Clock {
  /** @type {object | null} */ #key = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {{ key: object, afterMs: number } | null} moment @param {() => void} ring */
  watch(moment, ring) {
    if ((moment?.key ?? null) === this.#key) return;
    clearTimeout(this.#timer);
    this.#key = moment?.key ?? null;
    if (moment !== null) this.#timer = setTimeout(ring, moment.afterMs);
  }
}
