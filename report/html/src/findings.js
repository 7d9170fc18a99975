// SPDX-License-Identifier: Apache-2.0
// The list of findings, and the one that is chosen.
import { h, plural } from "./dom.js";
import { matcher, wordsOf } from "./search.js";
import { badges, story } from "./story.js";

const MOST = 1000; // in the list at one time
const LEVELS = ["observed", "predicted", "possible"];

export class Findings {
    constructor(data, changed) {
        this.findings = data.findings;
        this.words = new Map(this.findings.map((finding) => [finding, wordsOf(finding)]));
        this.changed = changed;
        this.levels = new Set(LEVELS);
        this.quiet = !this.findings.some((finding) => finding.status === "new");
        this.list = h("div", { class: "list" });
        this.main = h("div", { class: "main", tabindex: -1 });
        this.element = h("div", { class: "findings" },
            h("nav", { "aria-label": "findings" }, this.filters(), this.list), this.main);
        this.search("");
        this.show(this.shown[0] ?? this.findings[0]);
    }

    filters() {
        const all = this.findings.length; // a choice that changes nothing is none
        const box = (label, count, checked, change) => count > 0 && count < all && h("label", {},
            h("input", { type: "checkbox", checked, onchange: (event) => change(event.target.checked) }),
            ` ${label} `, h("span", { class: "faint" }, String(count)));
        const count = (test) => this.findings.filter(test).length;
        return h("div", { class: "filters" },
            LEVELS.map((level) => box(level, count((one) => one.level === level), true, (on) => {
                if (on) this.levels.add(level);
                else this.levels.delete(level);
                this.search(this.query);
            })),
            box("known or suppressed", count((one) => one.status !== "new"), this.quiet, (on) => {
                this.quiet = on;
                this.search(this.query);
            }));
    }

    search(query) {
        this.query = query;
        const matches = matcher(query);
        this.shown = this.findings.filter((one) => this.levels.has(one.level)
            && (this.quiet || one.status === "new") && matches(this.words.get(one)));
        this.list.replaceChildren(...this.groups());
    }

    // By kind, in the report's order: the most certain first.
    groups() {
        const kinds = new Map();
        for (const one of this.shown.slice(0, MOST)) {
            if (!kinds.has(one.kind)) kinds.set(one.kind, []);
            kinds.get(one.kind).push(one);
        }
        if (!kinds.size) {
            return [h("p", { class: "faint" },
                this.findings.length ? "No finding has all of these words." : "There is nothing to tell.")];
        }
        return [...kinds].map(([kind, members]) => h("section", {},
            h("h3", {}, kind, members.length > 1 && h("span", { class: "faint" }, ` ${members.length}`)),
            this.causes(members).map((family) => this.family(family)))).concat(this.rest());
    }

    // Those that most likely have one cause, together.
    causes(members) {
        const families = new Map();
        for (const one of members) {
            const cause = one.cause ?? one.id;
            if (!families.has(cause)) families.set(cause, []);
            families.get(cause).push(one);
        }
        return [...families.values()];
    }

    // The first stands for all; the others are there on demand, or where one of them is looked for.
    family([first, ...others]) {
        if (!others.length) return this.item(first);
        const open = Boolean(this.query) || others.includes(this.current);
        return [this.item(first), h("details", { class: "family", open },
            h("summary", {}, `${others.length} more, most likely of the same cause`),
            others.map((finding) => this.item(finding)))];
    }

    rest() {
        const left = this.shown.length - MOST;
        return left > 0 ? [h("p", { class: "faint" }, `${plural(left, "finding")} more; search finds them.`)] : [];
    }

    item(finding) {
        return h("button", {
            class: `item ${finding.severity}`,
            "data-id": finding.id,
            "aria-current": finding === this.current ? "true" : null,
            onclick: () => { this.show(finding); this.main.focus({ preventScroll: true }); },
        }, h("span", { class: "title" }, finding.title), badges(finding));
    }

    show(finding, step) {
        this.current = finding;
        this.witness = null;
        if (!finding) {
            this.main.replaceChildren(h("div", { class: "nothing" }, h("h2", {}, "No findings"),
                h("p", {}, "Nothing of what was recorded is a hazard. The remarks above say what was not looked at.")));
            return;
        }
        const told = story(finding, {
            step, onStep: () => this.changed(), open: (id) => this.open(id),
        });
        this.witness = told.witness;
        this.main.replaceChildren(told.element);
        this.main.scrollTop = 0;
        for (const item of this.list.querySelectorAll(".item")) {
            if (item.dataset.id === finding.id) {
                item.setAttribute("aria-current", "true");
                if (item.closest("details")) item.closest("details").open = true;
            } else item.removeAttribute("aria-current");
        }
        this.changed();
    }

    open(id, step) {
        const found = this.findings.find((finding) => finding.id === id);
        if (found) this.show(found, step);
        return Boolean(found);
    }

    // The next or previous of those in the list.
    move(by) {
        const at = this.shown.indexOf(this.current);
        const next = this.shown[Math.min(Math.max(at + by, 0), this.shown.length - 1)];
        if (next) this.show(next);
        this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    }

    key(event) {
        if (event.key === "j") this.move(1);
        else if (event.key === "k") this.move(-1);
        else if (event.key === "ArrowRight" && this.witness) this.witness.move(1);
        else if (event.key === "ArrowLeft" && this.witness) this.witness.move(-1);
        else return false;
        return true;
    }
}
