/** Files that are dropped onto a place; `data-over` marks it while some hover above. Elsewhere they do no harm. */

/** @param {DragEvent} event */
const holdsFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files') ?? false;

/** @param {HTMLElement} place @param {(files: File[]) => void} take */
export function takesFiles(place, take) {
  const over = (/** @type {boolean} */ is) => place.toggleAttribute('data-over', is);
  place.addEventListener('dragenter', (event) => holdsFiles(event) && over(true));
  place.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!place.contains(/** @type {Node | null} */ (relatedTarget))) over(false);
  });
  place.addEventListener('drop', (event) => {
    over(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
  // A browser would leave the page and open a file that is dropped beside.
  for (const name of ['dragover', 'drop']) {
    place.ownerDocument.addEventListener(name, (event) => holdsFiles(/** @type {DragEvent} */ (event)) && event.preventDefault());
  }
}
