// SPDX-License-Identifier: Apache-2.0
// The witness, stepped through: a column for each thread, and below where each of them stands.
import { h } from "./dom.js";
import { lastSteps, replay } from "./replay.js";
import { sourceView } from "./source.js";
import { hueClass } from "./theme.js";

const MOST = 400; // rows of the table at one time

export class Witness {
    constructor(finding, step, onStep) {
        this.steps = finding.witness;
        this.states = replay(this.steps);
        this.threads = [...lastSteps(this.steps, 0).keys()];
        this.hues = new Map(this.steps.map(({ who, thread }) => [who, hueClass(thread)]));
        this.onStep = onStep;
        this.table = h("div", { class: "steps", role: "group", "aria-label": "all steps" });
        this.now = h("div", { class: "now", "aria-live": "polite" });
        this.count = h("span", { class: "count" });
        this.element = h("section", { class: "witness" },
            h("h3", {}, "How it can happen, step by step"),
            h("p", { class: "faint" }, "This order of the recorded steps keeps every rule of the locks, and leads there."),
            this.bar(), this.table, this.now);
        this.go(Math.min(Math.max(step ?? 0, 0), this.steps.length - 1));
    }

    bar() {
        const button = (label, title, to) =>
            h("button", { title, "aria-label": title, onclick: () => this.go(to()) }, label);
        return h("div", { class: "bar" },
            button("|◀", "first step", () => 0),
            button("◀", "step back (left arrow)", () => this.step - 1),
            button("▶", "next step (right arrow)", () => this.step + 1),
            button("▶|", "last step", () => this.steps.length - 1),
            this.count);
    }

    move(by) {
        this.go(this.step + by);
    }

    go(step) {
        if (step < 0 || step >= this.steps.length || step === this.step) return;
        const first = this.step === undefined;
        this.step = step;
        this.count.textContent = `Step ${step + 1} of ${this.steps.length}`;
        this.showTable();
        this.showNow();
        if (!first) this.onStep(step);
    }

    showTable() {
        const begin = Math.max(0, Math.min(this.step - MOST / 2, this.steps.length - MOST));
        this.table.style.gridTemplateColumns =
            `3.5em repeat(${this.threads.length}, minmax(11em, 1fr))`;
        const head = [h("span"), this.threads.map((who) =>
            h("b", { class: `head ${this.hues.get(who)}` }, who))];
        this.table.replaceChildren(...head.flat(),
            ...this.steps.slice(begin, begin + MOST).map((step, i) => this.row(step, begin + i)));
        const current = this.table.querySelector(".current");
        const top = current.offsetTop - this.table.clientHeight / 2;
        this.table.scrollTop = top; // and never the page itself
    }

    row(step, number) {
        const column = this.threads.indexOf(step.who) + 2;
        const state = number === this.step ? "current" : number < this.step ? "past" : "future";
        const button = h("button", {
            class: `step ${state} ${this.hues.get(step.who)}`,
            "aria-current": state === "current" ? "step" : null,
            onclick: () => this.go(number),
        }, h("span", { class: "number" }, String(number + 1)), h("span", { class: "what" }, step.what),
        step.at && h("span", { class: "place" }, step.at.place.split("/").pop()));
        button.style.gridColumn = `${column}`;
        const label = h("span", { class: "number" });
        label.style.gridColumn = "1";
        return h("div", { class: "row" }, label, button);
    }

    showNow() {
        const last = lastSteps(this.steps, this.step);
        this.now.replaceChildren(
            h("div", { class: "columns" }, this.threads.map((who) => this.stand(who, last.get(who)))),
            this.locks());
    }

    // Where a thread stands at this step.
    stand(who, number) {
        const step = this.steps[number];
        return h("div", { class: `card ${this.hues.get(who)} ${number === this.step ? "active" : ""}` },
            h("h4", {}, who),
            step ? h("p", {}, h("b", {}, step.what), number !== this.step && ` (step ${number + 1})`)
                : h("p", { class: "faint" }, "has not begun"),
            step?.at && h("div", { class: "file" }, step.at.place),
            step?.at && sourceView(step.at, 4));
    }

    locks() {
        const told = this.states[this.step].filter((one) => one.holders.length || one.wanted.length);
        return h("ul", { class: "lock-states", "aria-label": "locks at this step" },
            told.length ? told.map(({ lock, holders, wanted }) => h("li", {}, h("b", {}, lock),
                holders.length ? ` is held by ${holders.join(" and ")}` : " is free",
                wanted.length > 0 && h("span", { class: "wanted" }, `, wanted by ${wanted.join(" and ")}`)))
                : h("li", { class: "faint" }, "no lock is held at this step"));
    }
}
