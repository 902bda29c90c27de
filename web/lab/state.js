/**
 * What the laboratory's page knows, as functions from state to state.
 *
 * @import { Cause, Label, Move } from '../protocol.js'
 *
 * @typedef {object} Sighting what one model saw
 * @property {Label | 'unclear'} label
 * @property {Label} guess
 * @property {number} confidence
 * @property {Record<Label, number>} probabilities
 * @property {readonly number[][]} landmarks
 * @property {boolean} accepted
 * @property {Cause | null} reason
 * @property {string | null} advice
 * @property {string} version
 * @typedef {'Production' | 'B'} Side
 * @typedef {Partial<Record<Side, Sighting | null>>} Looks
 *
 * @typedef {{ points: string | null, pixels: string | null }} Versions
 * @typedef {{ n: number, accuracy: number, coverage: number, accuracy_answered: number }} Figures
 * @typedef {{ state: 'idle' | 'running' | 'published' | 'refused' | 'failed', phase: string, percent: number,
 *   eta_s: number | null, message: string }} Job
 * @typedef {object} Report
 * @property {Versions} production
 * @property {Versions | null} before
 * @property {Partial<Record<Side, Record<string, Figures> | null>>} sources
 * @property {Record<Move, number>} labelled
 * @property {number} donated
 * @property {Job} job
 * @property {readonly { number: number, at: number, kind: string, by: string, reason: string }[]} [decisions] the latest first
 *
 * @typedef {{ label: Move, done: number, all: number, faults: readonly string[] }} Adding
 *
 * @typedef {object} Lab
 * @property {'asking' | 'visitor' | 'locked' | 'operator'} mode
 * @property {boolean} wrong the token was not accepted
 * @property {{ url: string, width: number, height: number } | null} picture that is or was looked at
 * @property {boolean} looking
 * @property {Looks} looks
 * @property {string | null} trouble with the picture
 * @property {string | null} down why the operator's address does not answer
 * @property {import('../hand.js').Hand['camera']} camera
 * @property {Report | null} report
 * @property {Adding | null} adding
 * @property {string} ordered what came of the latest order
 */

/** @type {Lab} */
export const INITIAL = {
  mode: 'asking', wrong: false, picture: null, looking: false, looks: {}, trouble: null, down: null, camera: 'off',
  report: null, adding: null, ordered: '',
};

/**
 * Who we are, by how the operator's address answered.
 * @param {Lab} lab @param {number} status @param {boolean} said whether a token was shown @returns {Lab}
 */
export function admitted(lab, status, said) {
  if (status === 200) return { ...lab, mode: 'operator', wrong: false };
  if (status === 401 || status === 403) return { ...lab, mode: 'locked', wrong: said };
  return status === 404 ? { ...lab, mode: 'visitor' } : lab;
}

/** @param {Lab} lab @param {Report} report @returns {Lab} */
export const reported = (lab, report) => ({ ...lab, report, down: null });

/** @param {Lab} lab @param {string} down @returns {Lab} */
export const unreached = (lab, down) => ({ ...lab, down });

/** @param {Lab} lab @param {NonNullable<Lab['picture']>} picture @returns {Lab} */
export const shown = (lab, picture) => ({ ...lab, picture, looking: true, looks: {}, trouble: null });

/** @param {Lab} lab @param {string} url of the picture that it is about @param {Looks} looks @returns {Lab} */
export const looked = (lab, url, looks) => (lab.picture?.url === url ? { ...lab, looking: false, looks } : lab);

/** @param {Lab} lab @param {string} trouble @returns {Lab} */
export const troubled = (lab, trouble) => ({ ...lab, looking: false, trouble });

/** @param {Lab} lab @param {Lab['camera']} camera @returns {Lab} */
export const cameraIs = (lab, camera) => ({ ...lab, camera });

/** @param {Lab} lab @param {Move} label @param {number} all @returns {Lab} */
export const adding = (lab, label, all) => ({ ...lab, adding: { label, done: 0, all, faults: [] } });

/** @param {Lab} lab @param {string | null} fault null: it was kept @returns {Lab} */
export function added(lab, fault) {
  if (lab.adding === null) return lab;
  const faults = fault === null ? lab.adding.faults : [...lab.adding.faults, fault];
  return { ...lab, adding: { ...lab.adding, done: lab.adding.done + 1, faults } };
}

/** @param {Lab} lab @param {string} text @returns {Lab} */
export const ordered = (lab, text) => ({ ...lab, ordered: text });

/** @param {Lab} lab whether its pictures are being added still */
export const isAdding = ({ adding: now }) => now !== null && now.done < now.all;
