// SPDX-License-Identifier: Apache-2.0
// Elements. Whatever comes from a report becomes text or the value of an attribute, never markup.

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...present(children));
    return element;
}

// What is said under a condition that does not hold is not said.
const present = (children) => children.flat(Infinity).filter((child) => child || child === 0);

export const replace = (element, ...children) => element.replaceChildren(...present(children));

export const h = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// The middle of what is longer than MOST characters is left out.
export function shorten(text, most) {
    if (text.length <= most) return text;
    const tail = Math.floor((most - 1) / 3);
    return `${text.slice(0, most - 1 - tail)}…${tail ? text.slice(-tail) : ""}`;
}

export const plural = (count, noun) =>
    `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
