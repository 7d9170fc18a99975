// SPDX-License-Identifier: Apache-2.0
// Spans of time as columns of numbers: LEB128 in base64, as report/html_activity.c writes them.

function bytes(text) {
    const binary = atob(text);
    const array = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) array[i] = binary.charCodeAt(i);
    return array;
}

// A function that gives number after number. Beyond 2^53 they are inexact.
function reader(text) {
    const from = bytes(text);
    let at = 0;
    return () => {
        let value = 0, scale = 1, byte;
        do {
            byte = from[at++];
            value += (byte & 127) * scale;
            scale *= 128;
        } while (byte & 128);
        return value;
    };
}

const signed = (value) => (value % 2 ? -(value + 1) / 2 : value / 2);

export const NOBODY = -1;
export const SHARED = 1, OPEN = 2, GAVE_UP = 4, SEVERAL = 8;

const NO_COLUMNS = { count: 0, from: "", lasts: "", thread: "", site: "", by: "", flags: "", handed: "", several: "", busy: "" };

export function decodeSpans(columns) {
    columns ??= NO_COLUMNS;
    const count = columns.count;
    const spans = {
        count,
        from: new Float64Array(count),
        until: new Float64Array(count),
        thread: new Uint32Array(count),
        site: new Uint32Array(count),
        by: new Int32Array(count),
        flags: new Uint8Array(count),
        handed: new Float64Array(count),
        several: new Uint32Array(count).fill(1), // short ones that are drawn as one, and
        busy: new Float64Array(count),           // how long they last together
    };
    const next = {};
    for (const name of ["from", "lasts", "thread", "site", "by", "flags", "handed", "several", "busy"])
        next[name] = reader(columns[name]);
    for (let i = 0, previous = 0; i < count; i++) {
        previous += signed(next.from());
        spans.from[i] = previous;
        spans.until[i] = previous + next.lasts();
        spans.thread[i] = next.thread();
        spans.site[i] = next.site();
        spans.by[i] = next.by() - 1;
        spans.flags[i] = next.flags();
        if (spans.by[i] !== NOBODY) spans.handed[i] = spans.until[i] + signed(next.handed());
        spans.busy[i] = spans.until[i] - spans.from[i];
        if (!(spans.flags[i] & SEVERAL)) continue;
        spans.several[i] = next.several();
        spans.busy[i] = next.busy();
    }
    return spans;
}

// The first index of a sorted ARRAY, from LOW on, whose value exceeds VALUE (is no less: LEAST).
export function search(array, value, low = 0, least = false) {
    let high = array.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if (least ? array[middle] < value : array[middle] <= value) low = middle + 1;
        else high = middle;
    }
    return low;
}

// The spans of INDEXES, which are in the order of their beginnings, on as few lanes as there are at
// one time, but no more than MOST. On all but the last none overlaps another one. What is several
// short ones comes on one more lane.
export function lanes(spans, indexes, most) {
    const kept = [], several = { members: [] };
    for (const i of indexes) {
        if (spans.several[i] > 1) {
            several.members.push(i);
            continue;
        }
        let lane = kept.find((one) => one.end <= spans.from[i]);
        if (!lane && kept.length < most) kept.push((lane = { members: [], end: 0 }));
        lane ??= kept[most - 1];
        lane.members.push(i);
        lane.end = Math.max(lane.end, spans.until[i]);
    }
    if (several.members.length) kept.push(several);
    return kept.map(({ members }) => finishLane(spans, members));
}

// `reach` is how far any span up to an index goes, `busy` how long those before it last together.
function finishLane(spans, members) {
    const lane = {
        members: Uint32Array.from(members),
        from: Float64Array.from(members, (i) => spans.from[i]),
        reach: new Float64Array(members.length),
        busy: new Float64Array(members.length + 1),
    };
    let reach = -Infinity;
    members.forEach((i, n) => {
        reach = lane.reach[n] = Math.max(reach, spans.until[i]);
        lane.busy[n + 1] = lane.busy[n] + spans.busy[i];
    });
    return lane;
}

// Calls SINGLE(index) for what of LANE lasts at least GRAIN, and MERGED(from, until, count, share,
// first index) for what is shorter, taken together GRAIN by GRAIN: however many spans there are, the calls are
// no more than there are grains from BEGIN to END. SHARE is the part of that time which they fill.
export function visit(spans, lane, begin, end, grain, single, merged) {
    const { members, from, reach, busy } = lane;
    for (let n = search(reach, begin); n < members.length && from[n] < end;) {
        const i = members[n];
        if (spans.until[i] - spans.from[i] >= grain) {
            single(i);
            n++;
            continue;
        }
        const stop = spans.from[i] + grain;
        let next = search(from, stop, n + 1, true);
        // Does one of these go beyond the grain? Where none overlaps another, it is the last.
        for (let m = n + 1; reach[next - 1] > stop && m < next; m++) {
            if (spans.until[members[m]] - spans.from[members[m]] < grain) continue;
            next = m;
        }
        const share = Math.min(1, (busy[next] - busy[n]) / grain);
        if (next - n === 1) single(i);
        else merged(spans.from[i], stop, next - n, share, i);
        n = next;
    }
}
