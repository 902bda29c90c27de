/** Pictures that are small enough to send, as JPEG. Nothing of where and when a photo was taken goes along. */

const QUALITIES = [0.85, 0.7, 0.5, 0.3];

/**
 * The size of a picture within a square, never larger than it was.
 * @param {number} width @param {number} height @param {number} side
 */
export function fitted(width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * @param {CanvasImageSource} source
 * @param {{ width: number, height: number }} size of the source
 * @param {{ side: number, bytes: number }} most
 * @returns {Promise<Blob | null>} null where it cannot be made small enough
 */
export async function jpeg(source, { width, height }, most) {
  const canvas = Object.assign(document.createElement('canvas'), fitted(width, height, most.side));
  const sheet = canvas.getContext('2d');
  if (sheet === null) return null;
  // What is see-through would become black.
  sheet.fillStyle = 'white';
  sheet.fillRect(0, 0, canvas.width, canvas.height);
  sheet.drawImage(source, 0, 0, canvas.width, canvas.height);
  for (const quality of QUALITIES) {
    const blob = await encoded(canvas, quality);
    if (blob !== null && blob.size <= most.bytes) return blob;
  }
  return null;
}

/** @param {HTMLCanvasElement} canvas @param {number} quality @returns {Promise<Blob | null>} */
const encoded = (canvas, quality) => new Promise((done) => canvas.toBlob(done, 'image/jpeg', quality));

/**
 * A photo from a file, upright.
 * @param {Blob} file
 * @param {{ side: number, bytes: number }} most
 * @returns {Promise<Blob | null>} null where the browser cannot read it as a picture
 */
export async function photo(file, most) {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => null);
  if (bitmap === null) return null;
  try {
    return await jpeg(bitmap, bitmap, most);
  } finally {
    bitmap.close();
  }
}
