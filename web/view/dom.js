/** The few ways in which the page is written. Each leaves alone what is already right, so that nothing flickers. */

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/**
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T} the element, which must be there
 */
export function find(root, selector) {
  const node = root.querySelector(selector);
  if (node === null) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (node);
}

/** @param {Element} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {string | null} value */
export function mark(node, name, value) {
  if (node.getAttribute(name) === value) return;
  if (value === null) node.removeAttribute(name);
  else node.setAttribute(name, value);
}

/** @param {HTMLElement} node @param {boolean} shown */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/**
 * Put one drawing or another into a place, only where it is not there yet.
 * @param {Element} node
 * @param {string} key
 * @param {() => Node} draw
 */
export function fill(node, key, draw) {
  if (node.getAttribute('data-drawn') === key) return;
  node.setAttribute('data-drawn', key);
  node.replaceChildren(draw());
}
