// SPDX-License-Identifier: Apache-2.0
// Locks and threads in numbers: tables that sort.
import { h, plural } from "./dom.js";
import { matcher } from "./search.js";
import { duration } from "./time.js";

const MOST = 500; // rows shown at one time

const count = (value) => value.toLocaleString("en");

class Table {
    constructor(caption, columns, rows) {
        Object.assign(this, { columns, rows, shown: rows });
        this.by = columns.findIndex((column) => column.first);
        this.down = true;
        this.head = h("tr", {}, columns.map((column, i) => h("th", { scope: "col", title: column.title, class: column.text && "text" },
            h("button", { onclick: () => this.sort(i) }, column.name))));
        this.body = h("tbody");
        this.foot = h("p", { class: "faint" });
        this.element = h("section", {}, h("h3", {}, caption),
            h("div", { class: "wide-table" }, h("table", {}, h("caption", { class: "hidden" }, caption),
                h("thead", {}, this.head), this.body)), this.foot);
        this.draw();
    }

    sort(column) {
        this.down = this.by === column ? !this.down : !this.columns[column].text;
        this.by = column;
        this.draw();
    }

    search(matches) {
        this.shown = this.rows.filter((row) => matches(this.columns[0].of(row)));
        this.draw();
    }

    draw() {
        const { of } = this.columns[this.by], sign = this.down ? -1 : 1;
        const order = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
        const sorted = [...this.shown].sort((a, b) => sign * order(of(a), of(b)));
        const tops = this.columns.map((column) => column.bar && Math.max(1, ...this.shown.map(column.of)));
        [...this.head.children].forEach((cell, i) => {
            if (i === this.by) cell.setAttribute("aria-sort", this.down ? "descending" : "ascending");
            else cell.removeAttribute("aria-sort");
        });
        this.body.replaceChildren(...sorted.slice(0, MOST).map((row) =>
            h("tr", {}, this.columns.map((column, i) => this.cell(column, row, tops[i])))));
        const left = sorted.length - MOST;
        this.foot.textContent = left > 0 ? `${plural(left, "row")} more; search finds them.` : "";
    }

    cell({ of, show = String, text, bar }, row, top) {
        const value = of(row);
        if (text) return h("th", { scope: "row" }, show(value));
        const cell = h("td", { class: value ? "" : "zero" }, show(value));
        if (bar && value) {
            cell.classList.add("bar-cell");
            cell.style.setProperty("--share", `${(100 * value) / top}%`);
        }
        return cell;
    }
}

export class Statistics {
    constructor(data) {
        this.tables = data.activities.flatMap((activity) => {
            const of = data.activities.length > 1 ? ` of process ${activity.process}` : "";
            return [this.locks(activity, of), this.threads(activity, of)];
        });
        this.element = h("div", { class: "statistics" }, this.tables.map((table) => table.element));
    }

    locks({ locks, timeless }, of) {
        const time = (value) => duration(value, timeless);
        const rows = locks.filter((lock) => lock.use);
        return new Table(`Locks${of}`, [
            { name: "Lock", text: true, of: (lock) => lock.name },
            { name: "Type", text: true, of: (lock) => lock.type },
            { name: "Taken", of: (lock) => lock.use.taken, show: count, bar: true },
            { name: "Shared", title: "of these: as a reader", of: (lock) => lock.use.shared, show: count },
            { name: "Waits", title: "how often a thread had to wait", of: (lock) => lock.use.waits, show: count, bar: true },
            { name: "Waited", title: "by all threads together", of: (lock) => lock.use.waited, show: time, bar: true, first: true },
            { name: "Longest wait", of: (lock) => lock.use.longest_wait, show: time },
            { name: "Held", of: (lock) => lock.use.held, show: time, bar: true },
            { name: "Longest hold", of: (lock) => lock.use.longest_hold, show: time },
            { name: "Bypassed", title: "how often others got it while one waited, at most in one wait", of: (lock) => lock.use.bypassed, show: count },
        ], rows);
    }

    threads({ threads, timeless }, of) {
        const time = (value) => duration(value, timeless);
        const rows = threads.filter((thread) => thread.life);
        const lived = ({ life }) => Math.max(0, life.until - life.from);
        const percent = (value) => `${(100 * value).toFixed(1)} %`;
        return new Table(`Threads${of}`, [
            { name: "Thread", text: true, of: (thread) => thread.who },
            { name: "Lived", of: lived, show: time, bar: true },
            { name: "Waits", title: "for other threads", of: (thread) => thread.life.waits, show: count, bar: true },
            { name: "Waited", of: (thread) => thread.life.waited, show: time, bar: true, first: true },
            { name: "Waited, share", title: "of its life", of: (thread) => thread.life.waited / (lived(thread) || 1), show: percent },
            { name: "Held", title: "time with at least one lock", of: (thread) => thread.life.held, show: time, bar: true },
            { name: "Held, share", title: "of its life", of: (thread) => thread.life.held / (lived(thread) || 1), show: percent },
        ], rows);
    }

    search(query) {
        const matches = matcher(query);
        this.tables.forEach((table) => table.search(matches));
    }
}
