// SPDX-License-Identifier: Apache-2.0
// A timeline for each process; one is shown at a time.
import { h, shorten } from "./dom.js";
import { Timeline } from "./timeline.js";

export class Timelines {
    constructor({ activities, findings }, changed) {
        this.activities = activities;
        this.hangs = findings.some(({ kind, level }) =>
            level === "observed" && (kind === "deadlock" || kind === "stuck-thread"));
        this.changed = changed;
        this.made = new Map();
        this.stage = h("div", { class: "stage" });
        this.choice = activities.length > 1 && h("label", { class: "choice" }, "Process ",
            h("select", { onchange: (event) => this.choose(Number(event.target.value)) },
                activities.map((one, i) => h("option", { value: i }, shorten(String(one.process), 40)))));
        this.element = h("div", { class: "timelines" }, this.choice, this.stage);
    }

    choose(index) {
        if (!this.made.has(index)) this.made.set(index, new Timeline(this.activities[index], this.hangs, this.changed));
        this.shown = this.made.get(index);
        this.stage.replaceChildren(this.shown.element);
        this.layout();
    }

    layout() {
        if (!this.shown) this.choose(0);
        else this.shown.layout();
    }

    search(query) {
        if (this.shown?.query !== query) this.shown?.search(query);
    }

    key(event) {
        return this.shown.key(event);
    }
}
