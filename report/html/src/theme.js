// SPDX-License-Identifier: Apache-2.0
// Light or dark: as the system has it, until the reader says otherwise. A browser may refuse to
// keep that for a file; then it holds for this page.

const KEY = "snarl-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

function kept() {
    try {
        return localStorage.getItem(KEY);
    } catch {
        return null;
    }
}

export const isDark = () => (document.documentElement.dataset.theme ?? "") === "dark";

function show(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    listeners.forEach((listener) => listener());
}

export function startTheme() {
    show(kept() ? kept() === "dark" : system.matches);
    system.addEventListener("change", () => kept() || show(system.matches));
}

export function toggleTheme() {
    const dark = !isDark();
    try {
        localStorage.setItem(KEY, dark ? "dark" : "light");
    } catch { /* see above */ }
    show(dark);
}

// Calls LISTENER whenever colours change: what is drawn on a canvas must be drawn again.
export const onTheme = (listener) => listeners.push(listener);

// Colours of threads, told apart by number, and readable on either ground: the same one everywhere.
// On a canvas they are strings, made once, since it is asked for them ten thousand times a frame.
const HUES = [212, 28, 150, 275, 340, 55, 185, 100, 245, 10];
export function threadColors() {
    const shade = isDark() ? "55% 55%" : "60% 42%";
    const colors = HUES.map((hue) => `hsl(${hue} ${shade})`);
    return (thread) => colors[thread.id % colors.length];
}
// The same as a class, for elements: the style knows both grounds.
export const hueClass = ({ id }) => (id === undefined ? "hue-none" : `hue-${id % HUES.length}`);
