// SPDX-License-Identifier: Apache-2.0
// What the page shows, as report/render_html.c put it in: numbers of frames become frames.
import { decodeSpans } from "./spans.js";

// The lines of a file that are there: its runs are [FIRST, LINE...].
function fileOf({ path, lines }) {
    const text = new Map();
    for (const [first, ...run] of lines) run.forEach((line, i) => text.set(first + i, line));
    return { path, text };
}

// What there is of a file from AROUND lines before the line to AROUND behind: [[NUMBER, TEXT]...].
export function excerpt(frame, around) {
    const text = frame?.file?.text;
    if (!text?.has(frame.line)) return [];
    let first = frame.line, last = frame.line;
    while (frame.line - first < around && text.has(first - 1)) first--;
    while (last - frame.line < around && text.has(last + 1)) last++;
    const lines = [];
    for (let line = first; line <= last; line++) lines.push([line, text.get(line)]);
    return lines;
}

class Reader {
    constructor(raw) {
        this.files = raw.files.map(fileOf);
        this.frames = raw.frames.map(([name, place, file, line, own, inlined, meant]) => ({
            name, place, file: this.files[file] ?? null, line, own, inlined,
            meant: meant && { from: meant[0], to: meant[1], what: meant[2] },
        }));
    }

    frame(number) {
        return number === null ? null : this.frames[number];
    }

    stack(raw) {
        if (!raw) return null;
        const frames = raw.frames.map((number) => this.frame(number));
        return { frames, first: raw.first, end: raw.end, place: frames[raw.place] ?? frames[0] };
    }

    // Threads, locks and sites of a finding or an activity, which refer to each other.
    cast(raw) {
        const threads = raw.threads.map((thread, index) =>
            ({ ...thread, index, created: this.stack(thread.created) }));
        const locks = raw.locks.map((lock, index) => ({
            ...lock, index, created: this.stack(lock.created), allocated: this.stack(lock.allocated),
        }));
        const byId = new Map(locks.map((lock) => [lock.id, lock]));
        const lockOf = (id) => byId.get(id) ?? { id, name: `lock ${id}`, type: "lock" };
        const sites = raw.sites.map((site) => ({
            ...site,
            thread: threads[site.thread] ?? { index: -1, who: site.who },
            lock: site.lock === null ? null : lockOf(site.lock),
            held: site.held.map(lockOf),
            stack: this.stack(site.stack),
        }));
        return { threads, locks, sites };
    }

    finding(raw) {
        const cast = this.cast(raw);
        const variable = raw.variable && {
            ...raw.variable,
            declared: this.frame(raw.variable.declared),
            allocated: this.stack(raw.variable.allocated),
        };
        const witness = raw.witness.map((step) => ({
            ...step,
            thread: cast.threads[step.thread] ?? { index: -1, who: step.who },
            at: this.frame(step.at),
        }));
        return { ...raw, ...cast, variable, witness };
    }

    activity(raw) {
        const cast = this.cast(raw);
        cast.threads.forEach((thread, i) => { thread.life = raw.lives[i]; });
        cast.locks.forEach((lock, i) => { lock.use = raw.uses[i]; });
        const order = raw.order.map(([holds, takes, thread, count]) => ({
            holds: cast.sites[holds], takes: cast.sites[takes], thread: cast.threads[thread], count,
        }));
        return { ...raw, ...cast, order, spans: decodeSpans(raw.spans) };
    }
}

export function readData(raw) {
    const reader = new Reader(raw);
    return {
        ...raw,
        findings: raw.findings.map((one) => reader.finding(one)),
        activities: raw.activities.map((one) => reader.activity(one)),
    };
}
