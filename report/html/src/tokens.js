// SPDX-License-Identifier: Apache-2.0
// The tokens of a line, cut so that what lies between two columns, counted in characters, is marked.
export function markBetween(tokens, from, to) {
    const cut = [];
    let at = 0;
    for (const { text, classes } of tokens) {
        const letters = Array.from(text);
        const begin = Math.min(Math.max(from - at, 0), letters.length);
        const end = Math.min(Math.max(to - at, begin), letters.length);
        const put = (some, more) => some.length && cut.push({
            text: some.join(""), classes: [classes, more].filter(Boolean).join(" "),
        });
        put(letters.slice(0, begin), "");
        put(letters.slice(begin, end), "meant");
        put(letters.slice(end), "");
        at += letters.length;
    }
    return cut;
}
