// SPDX-License-Identifier: Apache-2.0
// Source lines and stacks.
import hljs from "highlight.js/lib/core";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import { excerpt } from "./data.js";
import { markBetween } from "./tokens.js";
import { h } from "./dom.js";

hljs.registerLanguage("c", c);
hljs.registerLanguage("cpp", cpp);

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

// highlight.js writes markup. All that it can be is spans with a class, and these entities; it is
// read as that and nothing else, one array of nodes for each line.
export function highlight(code, language) {
    const marked = hljs.highlight(code, { language, ignoreIllegals: true }).value;
    const lines = [[]], classes = [];
    for (const [, name, close, text] of
        marked.matchAll(/<span class="([^"]*)">|(<\/span>)|([^<]+)/g)) {
        if (name !== undefined) classes.push(name);
        else if (close) classes.pop();
        else addText(lines, classes, text.replace(/&(amp|lt|gt|quot|#x27);/g, (x) => ENTITIES[x]));
    }
    return lines;
}

function addText(lines, classes, text) {
    text.split("\n").forEach((part, i) => {
        if (i) lines.push([]);
        if (part) lines.at(-1).push({ text: part, classes: classes.join(" ") });
    });
}

const token = ({ text, classes }) => (classes ? h("span", { class: classes }, text) : text);

// The lines around FRAME, with that line marked; null where the source is not there.
export function sourceView(frame, around = 3) {
    const lines = excerpt(frame, around);
    if (!lines.length) return null;
    const language = /\.(c|h)(:|$)/.test(frame.place) ? "c" : "cpp";
    const shown = highlight(lines.map(([, text]) => text).join("\n"), language);
    const { meant } = frame;
    return h("pre", { class: "source", tabindex: 0, "aria-label": `source at ${frame.place}` },
        lines.map(([number], i) => {
            const here = number === frame.line;
            const tokens = shown[i] ?? [];
            return h("div", {
                class: here ? "line marked" : "line", "aria-current": here ? "location" : null,
            }, h("span", { class: "number" }, String(number)),
            h("code", {}, (here && meant ? markBetween(tokens, meant.from, meant.to) : tokens).map(token)),
            here && meant?.what && h("span", { class: "what" }, meant.what));
        }));
}

const frameRow = (frame, number) => h("li", { class: frame.own ? "own" : "foreign" },
    h("span", { class: "number" }, `#${number} `),
    h("span", { class: "function" }, frame.name),
    h("span", { class: "place" }, frame.place, frame.inlined && " (inlined)"));

// The frames between the recorder's and what starts a thread; all of them on demand.
export function stackView(stack) {
    if (!stack) return null;
    const list = h("ol", { class: "stack" });
    const show = (from, to) => list.replaceChildren(
        ...stack.frames.slice(from, to).map((frame, i) => frameRow(frame, from + i)));
    show(stack.first, stack.end);
    const hidden = stack.frames.length - list.childElementCount;
    const more = hidden > 0 && h("button", {
        class: "link",
        onclick: () => { show(0, stack.frames.length); more.remove(); },
    }, `${hidden} more of the run-time's frames`);
    return h("div", {}, list, more);
}

// Where and how: the marked source, and the stack below it. What is only one frame is said as such.
export function placeView(stack, around) {
    if (!stack) return h("p", { class: "faint" }, "Its stack was not recorded.");
    const source = sourceView(stack.place, around);
    return h("div", { class: "where" },
        h("div", { class: "file" }, h("b", {}, stack.place.name), ` at ${stack.place.place}`),
        source ?? h("p", { class: "faint" }, "The source is not here (--source-root)."),
        h("details", { open: !source },
            h("summary", {}, `Stack of ${stack.frames.length}`), stackView(stack)));
}
