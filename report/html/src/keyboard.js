// SPDX-License-Identifier: Apache-2.0
// Keys of the page: not while something is typed, and none that the browser or the system has a
// meaning for.

const takesText = (element) => element.matches?.("input[type=search], textarea, select, [contenteditable]");

export function listenToKeys(page) {
    addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
        if (document.querySelector("dialog[open]")) return;
        if (page.key(event)) event.preventDefault();
    });
}
