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

// Threads in their order, then the locks: those first for which there was the longest waiting. Where
// spans come window by window rows must stay what they are: EVERYLOCK has one, even if nobody holds
// it now, and no row has fewer lanes than LANESBEFORE says of its label.
export function buildRows(activity, spans, { everyLock = false, lanesBefore = new Map() } = {}) {
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
    const threads = activity.threads.map((thread, index) => ({
        kind: "thread", label: thread.who, thread,
        lanes: [...lanes(spans, waits.get(index) ?? [], 1), ...lanes(spans, holds.get(index) ?? [], MOST_HOLDS)],
    }));
    const weight = (lock) => (lock.use?.waited ?? 0) * 1e3 + (lock.use?.held ?? 0);
    const locks = activity.locks.filter((lock) => holders.has(lock.id) || (everyLock && lock.use?.taken))
        .sort((a, b) => weight(b) - weight(a))
        .map((lock) => ({
            kind: "lock", label: lock.name, lock,
            lanes: lanes(spans, holders.get(lock.id) ?? [], MOST_HOLDERS),
        }));
    const rows = [...threads, ...locks];
    for (const row of rows) {
        const most = Math.max(1, row.lanes.length, lanesBefore.get(row.label) ?? 0);
        lanesBefore.set(row.label, most);
        row.height = most * LANE + 2 * PADDING;
    }
    return rows;
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
