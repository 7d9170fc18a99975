// SPDX-License-Identifier: Apache-2.0
// The page: its head, its views, and what leads from one to the other.
import { readData } from "./data.js";
import { h, plural, replace, shorten } from "./dom.js";
import { Findings } from "./findings.js";
import { LockOrder } from "./graph.js";
import { listenToKeys } from "./keyboard.js";
import { perfettoButton } from "./perfetto.js";
import { printAll } from "./print.js";
import { Statistics } from "./statistics.js";
import { startTheme, toggleTheme } from "./theme.js";
import { Timelines } from "./timelines.js";

const VIEWS = [["findings", "Findings"], ["timeline", "Timeline"], ["order", "Lock order"], ["statistics", "Statistics"]];

const LEVELS = ["observed", "predicted", "possible"];

const NEEDS_TRACE = "The findings alone do not say what each thread did when. Keep the trace "
    + "(snarl run -o TRACE -- PROGRAM), and then: snarl analyze --format=html:page.html TRACE";

class Page {
    constructor(data) {
        this.data = data;
        this.changed = () => this.keepHash();
        const has = data.activities.length > 0;
        this.views = {
            findings: new Findings(data, this.changed),
            timeline: has ? new Timelines(data, this.changed) : this.missing("No timeline"),
            order: new LockOrder(data),
            statistics: has ? new Statistics(data) : this.missing("No statistics"),
        };
        this.build();
        this.follow();
        addEventListener("hashchange", () => this.follow());
    }

    missing(title) {
        return { element: h("div", { class: "nothing" }, h("h2", {}, title), h("p", {}, NEEDS_TRACE)) };
    }

    build() {
        this.box = h("input", {
            type: "search", placeholder: "Search  /", "aria-label": "search in this view",
            oninput: () => this.search(), onkeydown: (event) => event.key === "Escape" && this.leaveSearch(),
        });
        this.tabs = VIEWS.map(([name, title], i) => h("button", {
            role: "tab", id: `tab-${name}`, "aria-controls": `view-${name}`, title: `${title} (${i + 1})`,
            onclick: () => this.show(name), onkeydown: (event) => this.tabKey(event, i),
        }, title, name === "findings" && h("span", { class: "count" }, ` ${this.data.findings.length}`)));
        const panels = VIEWS.map(([name]) => h("section", {
            role: "tabpanel", id: `view-${name}`, "aria-labelledby": `tab-${name}`, class: "view", hidden: true,
        }, this.views[name].element));
        this.help = help();
        const button = (label, title, act) => h("button", { title, "aria-label": title, onclick: act }, label);
        replace(document.getElementById("app"),
            h("header", { class: "top" },
                h("div", { class: "name" }, h("b", { class: "mark" }, "snarl"), this.command(), this.verdict()),
                h("div", { class: "bar" }, h("div", { role: "tablist", "aria-label": "views" }, this.tabs), this.box,
                    this.data.served && this.data.perfetto && perfettoButton(document.title),
                    button("◐", "light or dark (d)", toggleTheme),
                    button("?", "keys (?)", () => this.help.showModal()))),
            this.remarks(), h("main", {}, panels), this.help);
    }

    command() {
        const quote = (word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word}'`);
        const command = this.data.program.argv.map(quote).join(" ");
        return h("code", { class: "command", title: shorten(command, 2000) }, shorten(command || "program", 120));
    }

    verdict() {
        const { findings, recording } = this.data;
        const told = findings.filter((one) => one.status !== "suppressed");
        const count = (test) => told.filter(test).length;
        const parts = LEVELS.map((level) => [count((one) => one.level === level), level])
            .filter(([number]) => number).map(([number, level]) => `${number} ${level}`);
        const words = told.length ? `${plural(told.length, "finding")}: ${parts.join(", ")}` : "no findings";
        const gated = count((one) => one.gated), grave = count((one) => one.severity === "error" && one.level !== "possible");
        const kind = gated || grave ? "bad" : told.length ? "fair" : "good";
        const suppressed = findings.length - told.length;
        return [h("span", { class: `verdict ${kind}`, title: gated ? `${gated} gated: the exit status says so` : null }, words),
            suppressed > 0 && h("span", { class: "faint" }, `${suppressed} suppressed`),
            h("span", { class: "faint" }, `${plural(recording.threads, "thread")}, ${plural(recording.locks, "lock")}, ${recording.seconds.toFixed(2)} s`)];
    }

    remarks() {
        const { remarks } = this.data;
        const item = ({ severity, text }) => h("li", { class: severity }, `${severity}: ${text}`);
        if (!remarks.length) return null;
        if (remarks.length <= 2) return h("ul", { class: "remarks" }, remarks.map(item));
        const warnings = remarks.filter((one) => one.severity === "warning");
        return h("details", { class: "remarks" },
            h("summary", {}, `${plural(remarks.length, "remark")} on the recording`,
                warnings.length > 0 && ` (${plural(warnings.length, "warning")}: ${warnings[0].text})`),
            h("ul", {}, remarks.map(item)));
    }

    show(name, keep = true) {
        this.current = name;
        VIEWS.forEach(([one], i) => {
            this.tabs[i].setAttribute("aria-selected", String(one === name));
            this.tabs[i].tabIndex = one === name ? 0 : -1;
            document.getElementById(`view-${one}`).hidden = one !== name;
        });
        document.body.dataset.view = name;
        this.search();
        this.view.layout?.();
        if (keep) this.keepHash();
    }

    get view() {
        return this.views[this.current];
    }

    tabKey(event, i) {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        const next = (i + by + VIEWS.length) % VIEWS.length;
        this.show(VIEWS[next][0]);
        this.tabs[next].focus();
        event.stopPropagation();
        event.preventDefault();
    }

    search() {
        this.view.search?.(this.box.value);
    }

    leaveSearch() {
        this.box.value = "";
        this.search();
        this.box.blur();
    }

    /* What is shown is in the address, so that it can be handed on. */

    keepHash() {
        if (!this.current) return;
        const { current, witness } = this.views.findings;
        const parts = new URLSearchParams();
        if (this.current !== "findings") parts.set("view", this.current);
        else if (current) parts.set("finding", current.id);
        if (this.current === "findings" && witness?.step) parts.set("step", String(witness.step + 1));
        const { wait } = this.views.timeline.shown ?? {};
        if (this.current === "timeline" && wait) parts.set("wait", String(wait));
        history.replaceState(null, "", `#${parts}`);
    }

    follow() {
        const parts = new URLSearchParams(location.hash.slice(1));
        const view = parts.get("view"), id = parts.get("finding");
        if (id) this.views.findings.open(id, Number(parts.get("step") ?? 1) - 1);
        this.show(VIEWS.some(([name]) => name === view) ? view : "findings", false);
        const wait = Number(parts.get("wait"));
        if (view === "timeline" && wait >= 1) this.views.timeline.shown?.showWait(Math.floor(wait));
    }

    key(event) {
        const number = Number(event.key);
        if (event.key === "/") {
            this.box.focus();
            this.box.select();
        } else if (event.key === "?") this.help.showModal();
        else if (event.key === "d") toggleTheme();
        else if (this.view.key?.(event)) return true;
        else if (number >= 1 && number <= VIEWS.length) this.show(VIEWS[number - 1][0]);
        else return false;
        return true;
    }
}

const KEYS = [
    ["1 2 3 4", "findings, timeline, lock order, statistics"], ["/", "search in this view; Esc leaves it"],
    ["j k", "next, previous finding"], ["← →", "steps of a witness; earlier, later in the timeline"],
    ["+ − 0", "zoom in, out, all: timeline and lock order"], ["l", "the longest wait for a lock in the timeline, the next one"], ["↑ ↓", "rows of the timeline"],
    ["wheel, drag", "zoom, move the timeline; with shift the wheel moves rows"],
    ["d", "light or dark"], ["?", "this"],
];

function help() {
    const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
        h("h2", { id: "help-title" }, "Keys"),
        h("dl", {}, KEYS.map(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)])),
        h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    return dialog;
}

startTheme();
const data = readData(JSON.parse(document.getElementById("data").textContent));
document.title = `snarl: ${shorten(data.program.argv[0]?.split("/").pop() ?? "report", 60)}`;
const page = new Page(data);
listenToKeys(page);
printAll(data);
