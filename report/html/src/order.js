// SPDX-License-Identifier: Apache-2.0
// The lock-order graph: an edge from a lock that was held to one that was then taken.

const WANTS = new Set(["takes", "waits", "tries"]);

// {nodes: Map(id -> {id, lock, lit}), edges: [{from, to, count, examples, cyclic, lit}]} of the
// activities; where there is none, of what the findings say.
export function buildOrder(data) {
    const nodes = new Map(), edges = new Map();
    const node = (lock) => {
        if (!nodes.has(lock.id)) nodes.set(lock.id, { id: lock.id, lock, lit: false });
        return nodes.get(lock.id);
    };
    const edge = (from, to, count, example) => {
        if (from.id === to.id) return null;
        node(from);
        node(to);
        const key = `${from.id} ${to.id}`;
        if (!edges.has(key)) edges.set(key, { from: from.id, to: to.id, count: 0, examples: [], lit: false });
        const one = edges.get(key);
        one.count += count;
        if (example) one.examples.push(example);
        return one;
    };
    for (const activity of data.activities)
        for (const { holds, takes, thread, count } of activity.order)
            if (holds?.lock && takes?.lock) edge(holds.lock, takes.lock, count, { holds, takes, thread, count });
    for (const finding of data.findings) addFinding(finding, edge);
    const graph = { nodes, edges: [...edges.values()] };
    markCycles(graph);
    return graph;
}

// What a finding about an order of locks says of it: it is lit.
function addFinding(finding, edge) {
    if (finding.kind !== "deadlock") return;
    for (const site of finding.sites) {
        if (!WANTS.has(site.role) || !site.lock) continue;
        const told = finding.sites.filter((one) => one.role === "holds" && one.lock
            && one.thread === site.thread).map((one) => one.lock);
        for (const held of new Set([...site.held, ...told])) {
            const one = edge(held, site.lock, 0, null);
            if (!one) continue;
            one.lit = true;
            const holds = finding.sites.find((other) => other.role === "holds" && other.lock === held
                && other.thread === site.thread);
            one.examples.unshift({ holds, takes: site, thread: site.thread, count: 0, finding });
        }
    }
}

// Tarjan's strongly connected components, without recursion: a chain of locks may be long. An edge
// within one is on a cycle.
function markCycles({ nodes, edges }) {
    const out = new Map([...nodes.keys()].map((id) => [id, []]));
    for (const { from, to } of edges) out.get(from).push(to);
    const index = new Map(), low = new Map(), component = new Map(), stack = [];
    let next = 0;
    for (const root of nodes.keys()) {
        if (index.has(root)) continue;
        const work = [[root, 0]];
        while (work.length) {
            const top = work.at(-1), [at, child] = top;
            if (child === 0) {
                index.set(at, next);
                low.set(at, next++);
                stack.push(at);
            }
            if (child < out.get(at).length) {
                top[1]++;
                const to = out.get(at)[child];
                if (!index.has(to)) work.push([to, 0]);
                else if (!component.has(to)) low.set(at, Math.min(low.get(at), index.get(to)));
                continue;
            }
            work.pop();
            if (work.length) low.set(work.at(-1)[0], Math.min(low.get(work.at(-1)[0]), low.get(at)));
            if (low.get(at) !== index.get(at)) continue;
            for (let one; one !== at;) component.set((one = stack.pop()), at);
        }
    }
    for (const one of edges) {
        one.cyclic = component.get(one.from) === component.get(one.to);
        for (const id of one.cyclic || one.lit ? [one.from, one.to] : []) nodes.get(id).lit = true;
    }
}

// Nobody gave it a name: it is some library's, or one of very many.
const isNameless = ({ name }) => / (at )?0x[0-9a-f]+/.test(name);

// At most MOST locks: those on cycles first, then those that were waited for, that have a name, and
// that are nested most often.
export function prune(graph, most) {
    if (graph.nodes.size <= most) return graph;
    const kept = new Set();
    const keep = (id) => kept.size < most && kept.add(id);
    const lock = (id) => graph.nodes.get(id).lock;
    const rank = ({ from, to, cyclic, lit }) => (cyclic || lit ? 4 : 0)
        + (lock(from).use?.waits || lock(to).use?.waits ? 2 : 0)
        + (isNameless(lock(from)) || isNameless(lock(to)) ? 0 : 1);
    const ranked = [...graph.edges].sort((a, b) => rank(b) - rank(a) || b.count - a.count);
    for (const { from, to } of ranked) {
        if (kept.size + !kept.has(from) + !kept.has(to) > most) continue;
        keep(from);
        keep(to);
    }
    return {
        nodes: new Map([...graph.nodes].filter(([id]) => kept.has(id))),
        edges: graph.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
    };
}

// Without the edges that others imply (held before taken, and that before a third), cycles apart.
export function reduce({ nodes, edges }) {
    const kept = new Set(edges);
    const reaches = (from, to, but) => {
        const seen = new Set([from]), work = [from];
        while (work.length) {
            const at = work.pop();
            for (const edge of kept) {
                if (edge.from !== at || edge === but || seen.has(edge.to)) continue;
                if (edge.to === to) return true;
                seen.add(edge.to);
                work.push(edge.to);
            }
        }
        return false;
    };
    for (const edge of edges)
        if (!edge.cyclic && !edge.lit && reaches(edge.from, edge.to, edge)) kept.delete(edge);
    return { nodes, edges: [...kept] };
}
