/** The drawings: each a list of strokes on a 64 by 64 sheet, coloured by the style sheet. */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {'fill' | 'soft' | 'line' | 'hole' | 'thin'} Ink */

/** A circle as a path. @param {number} x @param {number} y @param {number} r */
const dot = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;

/** The uneven rim of a blob of wax. */
function rim() {
  const points = Array.from({ length: 72 }, (_, index) => {
    const angle = (index * Math.PI) / 36;
    const radius = 27 + 1.9 * Math.sin(9 * angle) + 1.1 * Math.sin(4 * angle + 1);
    return `${(32 + radius * Math.cos(angle)).toFixed(1)} ${(32 + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join('L')}Z`;
}

const WAX = /** @type {[Ink, string][]} */ ([['fill', rim()], ['thin', dot(32, 32, 19)]]);

/** @type {Readonly<Record<string, [Ink, string][]>>} */
const DRAWINGS = {
  rock: [
    ['soft', 'M8 44 15 24 32 11 49 17 58 37 51 53 27 56Z'],
    ['fill', 'M15 24 32 11 31 32Z'],
    ['line', 'M8 44 15 24 32 11 49 17 58 37 51 53 27 56ZM15 24 31 32 32 11M31 32 49 17M31 32 58 37M31 32 27 56'],
  ],
  paper: [
    ['soft', 'M14 7h25l12 12v38H14Z'],
    ['fill', 'M39 7v12h12Z'],
    ['line', 'M14 7h25l12 12v38H14ZM39 7v12h12M22 29h21M22 38h21M22 47h12'],
  ],
  scissors: [
    ['soft', `${dot(17, 50, 8)}${dot(47, 50, 8)}`],
    ['fill', 'M20 43 42 6C47 11 47 16 44 22L26 49Z'],
    ['fill', 'M44 43 22 6C17 11 17 16 20 22L38 49Z'],
    ['line', `${dot(17, 50, 8)}${dot(47, 50, 8)}`],
    ['hole', dot(32, 32, 2.4)],
  ],
  wax: [...WAX, ['hole', 'M26 44V21h8c5 0 8 3 8 7 0 3-2 6-5 7l6 9h-6l-5-8h-1v8ZM31 25v7h3c2 0 3-1 3-3s-1-4-3-4Z']],
  holds: [...WAX, ['hole', 'M20 33l4-4 6 6 12-14 4 4-16 18Z']],
  broken: [...WAX, ['hole', 'M22 26l4-4 6 6 6-6 4 4-6 6 6 6-4 4-6-6-6 6-4-4 6-6Z']],
  unchecked: [...WAX, ['hole', 'M21 30h22v5H21Z']],
  hand: [
    ['line', 'M20 40V17a4 4 0 0 1 8 0v13M28 30V11a4 4 0 0 1 8 0v19M36 30V14a4 4 0 0 1 8 0v18M44 33v-9a4 4 0 0 1 8 0v18c0 10-7 16-16 16-8 0-12-4-16-11l-8-13c-3-5 3-8 6-4l2 3'],
  ],
  photo: [['line', 'M8 16h48v36H8ZM8 45l14-14 11 11 8-8 15 13'], ['fill', dot(43, 26, 4)]],
  scales: [
    ['soft', 'M4 36h20a10 10 0 0 1-20 0ZM40 28h20a10 10 0 0 1-20 0Z'],
    ['line', 'M32 8v46M20 56h24M12 20l40-8M14 20 4 36h20ZM50 12 40 28h20ZM4 36a10 10 0 0 0 20 0M40 28a10 10 0 0 0 20 0'],
  ],
  heart: [['fill', 'M32 56C6 38 6 12 22 12c6 0 9 4 10 7 1-3 4-7 10-7 16 0 16 26-10 44Z']],
  you: [
    ['soft', dot(32, 32, 30)],
    ['fill', `${dot(32, 25, 10)}M12 53c2-12 10-16 20-16s18 4 20 16a30 30 0 0 1-40 0Z`],
  ],
  brian: [
    ['soft', dot(32, 32, 30)],
    ['thin', 'M18 18 32 12 46 18M18 18 26 27M32 12 26 27M32 12 38 27M46 18 38 27M18 18 38 27M46 18 26 27M26 27v9M38 27v9'],
    ['fill', `${dot(18, 18, 4)}${dot(32, 12, 4)}${dot(46, 18, 4)}${dot(26, 27, 4)}${dot(38, 27, 4)}`],
    ['line', 'M16 36h32v9c0 6-6 9-16 9s-16-3-16-9Z'],
    ['fill', `${dot(25, 42, 3)}${dot(39, 42, 3)}`],
    ['thin', 'M27 49h10'],
  ],
  forrest: [
    ['soft', dot(32, 32, 30)],
    ['fill', 'M32 5 44 22h-6l10 13h-7l10 13H13l10-13h-7l10-13h-6ZM28 48h8v10h-8Z'],
    ['hole', `${dot(27, 37, 2.8)}${dot(37, 37, 2.8)}M27 43h10v2H27Z`],
  ],
  logan: [
    ['soft', dot(32, 32, 30)],
    ['line', dot(32, 32, 21)],
    ['thin', 'M21 27h8M35 27h8'],
    ['fill', `${dot(25, 31, 2.6)}${dot(39, 31, 2.6)}`],
    ['line', 'M19 46c12 0 12-7 13-7s1-2 13-2'],
  ],
  maxine: [
    ['soft', dot(32, 32, 30)],
    ['fill', `${dot(11, 27, 3)}${dot(16, 18, 3)}${dot(23, 12, 3)}${dot(32, 10, 3)}${dot(41, 12, 3)}${dot(48, 18, 3)}${dot(53, 27, 3)}`],
    ['line', `${dot(23, 33, 7)}${dot(41, 33, 7)}M30 33h4`],
    ['fill', `${dot(23, 33, 2.6)}${dot(41, 33, 2.6)}`],
    ['thin', 'M25 47c4 4 10 4 14 0'],
  ],
  stranger: [['soft', dot(32, 32, 30)], ['fill', `M18 22h28v24H18Z`], ['hole', `${dot(26, 32, 3)}${dot(38, 32, 3)}M26 39h12v2H26Z`]],
};

/**
 * @param {string} name
 * @param {string} [label] said to who cannot see it; without one the drawing is an ornament
 */
export function icon(name, label) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 64 64');
  svg.setAttribute('class', 'icon');
  if (label === undefined) svg.setAttribute('aria-hidden', 'true');
  else {
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', label);
  }
  for (const [ink, d] of DRAWINGS[name] ?? DRAWINGS.stranger) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', ink);
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
