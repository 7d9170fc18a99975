// SPDX-License-Identifier: Apache-2.0
// The rows of the timeline: a thread's waits and holds, and who held a lock.
import { lanes, OPEN } from "./spans.js";

export const LANE = 13, PADDING = 6;
const MOST_HOLDS = 6, MOST_HOLDERS = 4;

// "hold", or for what a thread waits: "wait" for a lock, "word" for another thread's signal or
// token, "join" for its end, "sleep" for time or the world outside.
const KINDS = { holds: "hold", joins: "join", sleeps: "sleep" };
const LOCKS = new Set(["mutex", "rwlock", "spin", "lock", "once"]);
export function kindOf(site) {
    if (KINDS[site.role]) return KINDS[site.role];
    if (!site.lock) return "sleep";
    return LOCKS.has(site.lock.type) ? "wait" : "word";
}

function push(map, key, value) {
    const list = map.get(key);
    if (list) list.push(value);
    else map.set(key, [value]);
}

const total = (spans, indexes) =>
    indexes.reduce((sum, i) => sum + spans.until[i] - spans.from[i], 0);

function finish(row, lanesOfRow) {
    return { ...row, lanes: lanesOfRow, height: lanesOfRow.length * LANE + 2 * PADDING };
}

// Threads in their order, then the locks: those first for which there was the longest waiting.
export function buildRows(activity, spans) {
    const waits = new Map(), holds = new Map(), holders = new Map();
    for (let i = 0; i < spans.count; i++) {
        const site = activity.sites[spans.site[i]];
        if (kindOf(site) !== "hold") {
            push(waits, spans.thread[i], i);
            continue;
        }
        push(holds, spans.thread[i], i);
        if (site.lock) push(holders, site.lock.id, i);
    }
    const threads = activity.threads.map((thread, index) => finish(
        { kind: "thread", label: thread.who, thread },
        [...lanes(spans, waits.get(index) ?? [], 1), ...lanes(spans, holds.get(index) ?? [], MOST_HOLDS)]));
    const weight = (lock) => (lock.use?.waited ?? 0) * 1e3 + (lock.use?.held ?? 0);
    const locks = activity.locks.filter((lock) => holders.has(lock.id))
        .sort((a, b) => weight(b) - weight(a))
        .map((lock) => finish({ kind: "lock", label: lock.name, lock, held: total(spans, holders.get(lock.id)) },
            lanes(spans, holders.get(lock.id), MOST_HOLDERS)));
    for (const row of threads) if (!row.lanes.length) row.height = LANE + 2 * PADDING;
    return [...threads, ...locks];
}

// How many threads wait for locks, on the average, in each of COUNT equal parts of the time from BEGIN to END.
export function waitingThreads(activity, spans, { begin, end }, count) {
    const parts = new Float64Array(count), size = (end - begin) / count;
    for (let i = 0; i < spans.count; i++) {
        if (kindOf(activity.sites[spans.site[i]]) !== "wait") continue;
        const last = spans.flags[i] & OPEN ? end : spans.until[i];
        const from = Math.max(0, (spans.from[i] - begin) / size), until = (last - begin) / size;
        for (let part = Math.floor(from); part < until && part < count; part++)
            parts[part] += Math.min(until, part + 1) - Math.max(from, part);
    }
    return parts;
}
