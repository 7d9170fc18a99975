// SPDX-License-Identifier: Apache-2.0
// A timeline for each process; one is shown at a time.
import { h, shorten } from "./dom.js";
import { decodeSpans } from "./spans.js";
import { Timeline } from "./timeline.js";

// What the server of `snarl serve` says of a window.
const fetchSpans = (activity) => async (from, until, pixels) => {
    const answer = await fetch(`/spans?activity=${activity}&from=${Math.floor(from)}&until=${Math.ceil(until)}&pixels=${pixels}`);
    return decodeSpans(await answer.json());
};

export class Timelines {
    constructor({ activities, findings, served }, changed) {
        this.activities = activities;
        this.served = served;
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
        const { hangs, changed, served } = this;
        if (!this.made.has(index)) {
            this.made.set(index, new Timeline(this.activities[index],
                { hangs, changed, fetch: served ? fetchSpans(index) : null }));
        }
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
