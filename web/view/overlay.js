/** The 21 points of a hand and the bones between them, over the picture that they were found in. */

const SVG = 'http://www.w3.org/2000/svg';
const FINGERS = [[0, 1, 2, 3, 4], [0, 5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16], [0, 17, 18, 19, 20], [5, 9, 13, 17]];

/**
 * The bones as a path, in MediaPipe's order of the points.
 * @param {readonly (readonly number[])[]} points in shares of the picture
 * @param {number} width @param {number} height
 */
export function bones(points, width, height) {
  const at = (/** @type {number} */ index) => points[index].map((share, axis) => (share * [width, height][axis]).toFixed(1)).join(' ');
  return FINGERS.map((finger) => `M${finger.map(at).join('L')}`).join('');
}

export class Overlay {
  /** @type {SVGElement} */ #svg;
  #bones = document.createElementNS(SVG, 'path');
  #joints = document.createElementNS(SVG, 'path');
  #tips = document.createElementNS(SVG, 'path');

  /** @param {SVGElement} svg over a picture that is cropped as `object-fit: cover` does @param {'slice' | 'meet'} fit meet: `contain` */
  constructor(svg, fit = 'slice') {
    this.#svg = svg;
    svg.setAttribute('preserveAspectRatio', `xMidYMid ${fit}`);
    this.#bones.setAttribute('class', 'bones');
    this.#joints.setAttribute('class', 'joints');
    this.#tips.setAttribute('class', 'tips');
    svg.append(this.#bones, this.#joints, this.#tips);
  }

  /** @param {readonly (readonly number[])[]} points none: nothing is drawn @param {number} width @param {number} height */
  draw(points, width, height) {
    const found = points.length === 21;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#svg.style.setProperty('--unit', String(Math.max(width, height) / 160));
    const dots = (/** @type {(index: number) => boolean} */ which) =>
      points.filter((_, index) => which(index)).map(([x, y]) => `M${(x * width).toFixed(1)} ${(y * height).toFixed(1)}h0`).join('');
    this.#bones.setAttribute('d', found ? bones(points, width, height) : '');
    this.#joints.setAttribute('d', found ? dots((index) => index % 4 !== 0 || index === 0) : '');
    this.#tips.setAttribute('d', found ? dots((index) => index % 4 === 0 && index > 0) : '');
  }
}
