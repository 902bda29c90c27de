/**
 * The laboratory's composition root: builds the parts and carries what one says to the others.
 *
 * @import { Move } from './protocol.js'
 * @import { Lab } from './lab/state.js'
 */

import { Camera } from './camera.js';
import { Desk, Refused } from './lab/desk.js';
import { INITIAL, added, adding, admitted, cameraIs, looked, ordered, reported, shown, troubled, unreached } from './lab/state.js';
import { LabView } from './lab/view.js';
import { photo } from './picture.js';

/** As much as the pipeline makes use of, and then some. */
const MOST = { side: 1280, bytes: 4 * 1024 * 1024 };
const UNREADABLE = 'That could not be read as a picture. A JPEG, PNG or WebP photo works.';
const WATCH_MS = 1000;
const REST_MS = 5000;

const desk = new Desk();
let lab = INITIAL;

/** @param {(lab: Lab) => Lab} change */
function update(change) {
  lab = change(lab);
  view.render(lab);
}

/** What was refused is told; anything else is a fault of ours. @param {unknown} error */
function told(error) {
  if (!(error instanceof Refused)) throw error;
  return error.message;
}

/** @param {Blob | null} picture */
async function look(picture) {
  if (picture === null) return update((now) => troubled(now, UNREADABLE));
  const bitmap = await createImageBitmap(picture);
  const { width, height } = bitmap;
  bitmap.close();
  if (lab.picture !== null) URL.revokeObjectURL(lab.picture.url);
  const url = URL.createObjectURL(picture);
  update((now) => shown(now, { url, width, height }));
  try {
    const looks = await desk.predict(picture, lab.mode === 'operator');
    update((now) => looked(now, url, looks));
  } catch (error) {
    const trouble = told(error);
    update((now) => troubled(now, trouble));
  }
}

/** @param {() => Promise<unknown>} order @param {string} done */
async function give(order, done) {
  const said = await order().then(() => done, told);
  update((now) => ordered(now, said));
  await ask();
}

async function ask() {
  const said = desk.hasToken;
  try {
    const { status, report } = await desk.report();
    if (status === 401) desk.keep(null);
    update((now) => admitted(now, status, said));
    if (report !== null) update((now) => reported(now, report));
  } catch (error) {
    const down = told(error);
    update((now) => unreached(now, down));
  }
}

/** An operator's page stays up to date; while something is trained, by the second. */
async function watch() {
  if (lab.mode === 'operator' && document.visibilityState === 'visible') await ask();
  setTimeout(watch, lab.report?.job.state === 'running' ? WATCH_MS : REST_MS);
}

function cameraOff() {
  camera.stop();
  update((now) => cameraIs(now, 'off'));
}

const camera = new Camera(/** @type {HTMLVideoElement} */ (document.querySelector('#lab-camera')), () =>
  update((now) => cameraIs(now, 'unplugged')));

const view = new LabView(document, {
  show: async (file) => {
    cameraOff();
    await look(await photo(file, MOST));
  },
  switchCamera: async () => {
    if (lab.camera === 'on' || lab.camera === 'starting') return cameraOff();
    update((now) => cameraIs(now, 'starting'));
    const came = await camera.start();
    if (came !== null) update((now) => cameraIs(now, came));
  },
  shoot: async () => {
    const picture = await camera.frame(MOST);
    cameraOff();
    await look(picture);
  },
  enter: async (token) => {
    desk.keep(token);
    await ask();
  },
  /** @param {Move} label @param {File[]} files */
  add: async (label, files) => {
    update((now) => adding(now, label, files.length));
    for (const file of files) {
      const picture = await photo(file, MOST);
      const kept = picture === null ? UNREADABLE : await desk.add(label, picture).then(() => null, told);
      update((now) => added(now, kept === null ? null : `${file.name} (${kept})`));
    }
    await ask();
  },
  retrain: () => give(() => desk.retrain(), 'The training was ordered.'),
  rollBack: () => give(() => desk.rollBack(), 'Rolled back.'),
});

document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && lab.camera !== 'off' && cameraOff());
view.render(lab);
await ask();
setTimeout(watch, REST_MS);
