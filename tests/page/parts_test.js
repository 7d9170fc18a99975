// SPDX-License-Identifier: Apache-2.0
// The parts of the page that need no browser.
import assert from "node:assert/strict";
import test from "node:test";

const source = new URL("../../report/html/src/", import.meta.url);
const { decodeSpans, lanes, search, visit } = await import(new URL("spans.js", source));
const { buildOrder, prune, reduce } = await import(new URL("order.js", source));
const { circle, waitsOf } = await import(new URL("waits.js", source));
const { lastSteps, replay } = await import(new URL("replay.js", source));
const { matcher } = await import(new URL("search.js", source));
const { duration, moment, roundStep } = await import(new URL("time.js", source));
const { buildRows, kindOf, waitingThreads } = await import(new URL("rows.js", source));
const { markBetween } = await import(new URL("tokens.js", source));
const { shorten } = await import(new URL("dom.js", source));

function leb(...values) {
    const bytes = [];
    for (let value of values) {
        for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
        bytes.push(value);
    }
    return Buffer.from(bytes).toString("base64");
}

function spansOf(list) {
    const column = (of) => Float64Array.from(list, of);
    return {
        count: list.length, from: column((s) => s[0]), until: column((s) => s[1]),
        thread: column((s) => s[2] ?? 0), site: column((s) => s[3] ?? 0), by: column(() => -1),
        flags: column((s) => s[4] ?? 0), handed: column(() => 0),
        busy: column((s) => s[1] - s[0]), several: column(() => 1),
    };
}

test("what lies between two columns is marked, whatever the tokens are", () => {
    const tokens = [{ text: "\u{1f9c4}x = ", classes: "" }, { text: "count", classes: "hljs-name" }, { text: ";", classes: "" }];
    assert.deepEqual(markBetween(tokens, 5, 8), [
        tokens[0], { text: "cou", classes: "hljs-name meant" }, { text: "nt", classes: "hljs-name" }, tokens[2],
    ]);
    assert.deepEqual(markBetween(tokens, 0, 1)[0], { text: "\u{1f9c4}", classes: "meant" });
    assert.equal(markBetween(tokens, 2, Infinity).at(-1).classes, "meant");
    assert.deepEqual(markBetween(tokens, 30, 40), tokens);
});

test("spans are read as they are written", () => {
    const spans = decodeSpans({
        count: 2, from: leb(2e12 * 2, 14), lasts: leb(300, 0), thread: leb(1, 200), site: leb(5, 0),
        by: leb(0, 8), flags: leb(0, 3), handed: leb(9), several: "", busy: "",
    });
    assert.deepEqual([...spans.from], [2e12, 2e12 + 7]);
    assert.deepEqual([...spans.until], [2e12 + 300, 2e12 + 7]);
    assert.deepEqual([...spans.thread], [1, 200]);
    assert.deepEqual([...spans.by], [-1, 7]);
    assert.equal(spans.handed[1], 2e12 + 7 - 5);
});

test("search finds the first that is greater, or no less", () => {
    assert.equal(search([1, 3, 3, 5], 3), 3);
    assert.equal(search([1, 3, 3, 5], 3, 0, true), 1);
    assert.equal(search([], 3), 0);
});

test("spans that overlap come on lanes of their own", () => {
    const spans = spansOf([[0, 10], [2, 4], [5, 6], [11, 12]]);
    const made = lanes(spans, [0, 1, 2, 3], 5);
    assert.deepEqual(made.map((lane) => [...lane.members]), [[0, 3], [1, 2]]);
    assert.equal(lanes(spans, [0, 1, 2, 3], 1).length, 1);
});

test("what is narrow is drawn together, and nothing is forgotten", () => {
    const list = [];
    for (let i = 0; i < 10000; i++) list.push([i * 10, i * 10 + (i === 5000 ? 9 : 3)]);
    const spans = spansOf(list), [lane] = lanes(spans, list.map((_, i) => i), 1);
    for (const grain of [1, 5, 100, 1e4]) {
        let single = 0, together = 0, calls = 0;
        visit(spans, lane, 0, 1e5, grain, () => { single++; calls++; },
            (from, until, count, share) => {
                together += count;
                calls++;
                assert.ok(share > 0 && share <= 1);
            });
        assert.equal(single + together, 10000);
        assert.ok(calls <= 1e5 / grain + 2, `${calls} calls at ${grain}`);
    }
    const seen = [];
    visit(spans, lane, 49995, 50005, 1, (i) => seen.push(i), () => {});
    assert.deepEqual(seen, [5000]);
});

test("the long span of a grain is drawn by itself", () => {
    const spans = spansOf([[0, 1], [2, 3], [4, 500]]), [lane] = lanes(spans, [0, 1, 2], 1);
    const seen = [];
    visit(spans, lane, 0, 1000, 10, (i) => seen.push(i), (from, until, count) => seen.push(`${count}`));
    assert.deepEqual(seen, ["2", 2]);
});

test("a long one among short ones on a lane where they overlap is drawn", () => {
    const spans = spansOf([[0, 1], [1, 900], [2, 3], [3, 4], [500, 501]]);
    const [lane] = lanes(spans, [0, 1, 2, 3, 4], 1), seen = [];
    visit(spans, lane, 0, 1000, 10, (i) => seen.push(i), (from, until, count) => seen.push(`${count}`));
    assert.deepEqual(seen, [0, 1, "2", 4]);
});

const lock = (id, more) => ({ id, name: `lock_${id}`, type: "mutex", ...more });
const edge = (from, to, count = 1) =>
    ({ holds: { lock: from }, takes: { lock: to }, thread: {}, count });
const graphOf = (order, findings = []) => buildOrder({ activities: [{ order }], findings });

test("edges on a cycle are lit, and only they", () => {
    const [a, b, c, d] = [1, 2, 3, 4].map((id) => lock(id));
    const graph = graphOf([edge(a, b), edge(b, c, 2), edge(b, c, 3), edge(c, a), edge(c, d)]);
    assert.equal(graph.nodes.size, 4);
    assert.equal(graph.edges.length, 4);
    assert.equal(graph.edges.find((one) => one.from === 2).count, 5);
    assert.deepEqual(graph.edges.filter((one) => one.cyclic).map((one) => one.to).sort(), [1, 2, 3]);
    assert.equal(graph.nodes.get(4).lit, false);
    assert.equal(graphOf([edge(a, a)]).edges.length, 0);
});

test("a chain of a hundred thousand locks is no cycle", () => {
    const locks = Array.from({ length: 1e5 }, (_, i) => lock(i + 1));
    const graph = graphOf(locks.slice(1).map((one, i) => edge(locks[i], one)));
    assert.ok(graph.edges.every((one) => !one.cyclic));
});

test("of many locks those on cycles are kept", () => {
    const locks = Array.from({ length: 500 }, (_, i) => lock(i + 1));
    const order = locks.slice(1).map((one, i) => edge(locks[i], one, 1000));
    order.push(edge(locks[401], locks[400]));
    const graph = prune(graphOf(order), 10);
    assert.equal(graph.nodes.size, 10);
    assert.ok(graph.nodes.has(401) && graph.nodes.has(402));
    assert.ok(graph.edges.every(({ from, to }) => graph.nodes.has(from) && graph.nodes.has(to)));
});

test("an edge that others imply goes, one on a cycle stays", () => {
    const [a, b, c] = [1, 2, 3].map((id) => lock(id));
    const pairs = (graph) => reduce(graph).edges.map(({ from, to }) => `${from}${to}`).sort();
    assert.deepEqual(pairs(graphOf([edge(a, b), edge(b, c), edge(a, c)])), ["12", "23"]);
    assert.deepEqual(pairs(graphOf([edge(a, b), edge(b, a), edge(a, c), edge(b, c)])).length, 3);
});

function philosophers(count) {
    const locks = Array.from({ length: count }, (_, i) => lock(i + 1));
    const threads = locks.map((_, i) => ({ index: i, id: i + 1, who: `thread ${i + 1}` }));
    const sites = threads.flatMap((thread, i) => [
        { role: "holds", thread, lock: locks[i], held: [] },
        { role: "waits", thread, lock: locks[(i + 1) % count], held: [locks[i]] }]);
    return { kind: "deadlock", threads, locks, sites };
}

test("philosophers wait in a circle", () => {
    const waits = waitsOf(philosophers(3));
    assert.deepEqual(circle(waits), ["t0", "l2", "t1", "l3", "t2", "l1"]);
    assert.equal(waits.edges.length, 6);
});

test("who waits for nobody is in no picture", () => {
    const finding = philosophers(2);
    finding.sites = finding.sites.slice(0, 3);
    const waits = waitsOf(finding);
    assert.deepEqual(waits.edges.map(({ from, to }) => from + to), ["t0l2", "l2t1"]);
    assert.equal(circle(waits), null);
    assert.equal(circle(waitsOf({ threads: [], locks: [], sites: [] })), null);
});

test("a thread that locks again waits for itself", () => {
    const thread = { index: 0, who: "thread 1" }, one = lock(1);
    const sites = [{ role: "holds", thread, lock: one, held: [] },
        { role: "takes", thread, lock: one, held: [one] }];
    assert.equal(waitsOf({ kind: "self-deadlock", threads: [thread], locks: [one], sites }).edges.length, 2);
    assert.equal(waitsOf({ kind: "data-race", threads: [thread], locks: [one], sites }).edges.length, 0);
});

test("a witness is replayed by its words", () => {
    const step = (who, what) => ({ who, what });
    const witness = [step("1", "lock a"), step("2", "lock b for reading"), step("3", "lock b for reading"),
        step("2", "unlock b"), step("1", "wants b"), step("2", "wants to join thread 1")];
    const states = replay(witness);
    assert.deepEqual(states[2].find((one) => one.lock === "b").holders, ["2", "3"]);
    assert.deepEqual(states[4], [{ lock: "a", holders: ["1"], wanted: [] },
        { lock: "b", holders: ["3"], wanted: ["1"] }]);
    assert.deepEqual(states[5], states[4]);
    assert.deepEqual([...lastSteps(witness, 3)], [["1", 0], ["2", 3], ["3", 2]]);
});

test("rows: threads, then locks by the time that was waited for them", () => {
    const locks = [lock(1, { use: { waited: 1, held: 9 } }), lock(2, { use: { waited: 5, held: 1 } })];
    const thread = { who: "thread 1" };
    const sites = [{ role: "holds", lock: locks[0] }, { role: "waits", lock: locks[1] },
        { role: "holds", lock: locks[1] }, { role: "waits", lock: { type: "cond" } }];
    const spans = spansOf([[0, 5, 0, 0], [1, 3, 0, 1], [3, 4, 0, 2]]);
    const rows = buildRows({ threads: [thread], locks, sites }, spans);
    assert.deepEqual(rows.map((row) => row.label), ["thread 1", "lock_2", "lock_1"]);
    assert.equal(rows[0].lanes.length, 3);
    assert.deepEqual(sites.map(kindOf), ["hold", "wait", "hold", "word"]);
    assert.deepEqual([...waitingThreads({ sites }, spans, { begin: 0, end: 4 }, 4)], [0, 1, 1, 0]);
});

test("words", () => {
    assert.ok(matcher("B  a")("a b"));
    assert.ok(!matcher("c")("a b"));
    assert.equal(shorten("abcdefghij", 6), "abcd…j");
    assert.equal(duration(1500), "1.50 µs");
    assert.equal(duration(0), "0 ns");
    assert.equal(duration(12, true), "12 lines");
    assert.equal(moment(4_226_100_000, 100_000), "4.2261 s");
    assert.equal(roundStep(3), 5);
    assert.equal(roundStep(0.11), 0.2);
});
