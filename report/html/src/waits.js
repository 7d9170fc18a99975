// SPDX-License-Identifier: Apache-2.0
// Who waits for whom, out of the sites of a finding.

const WANTS = new Set(["waits", "takes", "tries"]);

// {threads, locks, edges}: a thread to the lock that it waits for, and a lock to who holds it. Only
// waits for something that a thread of this finding holds; empty if there is none.
export function waitsOf(finding) {
    const holds = new Map(); // lock id to sites
    const add = (lock, site) => {
        if (!holds.has(lock.id)) holds.set(lock.id, []);
        const known = holds.get(lock.id);
        if (!known.some((one) => one.thread.index === site.thread.index)) known.push(site);
    };
    for (const site of finding.sites) if (site.role === "holds" && site.lock) add(site.lock, site);
    for (const site of finding.sites) site.held.forEach((lock) => add(lock, site));

    const edges = [], seen = new Set();
    const edge = (from, to, what, site) => {
        const key = `${from}>${to}`;
        if (!seen.has(key)) edges.push({ from, to, what, site });
        seen.add(key);
    };
    const self = finding.kind === "self-deadlock";
    for (const site of finding.sites) {
        if (!WANTS.has(site.role) || !site.lock || site.thread.index < 0) continue;
        const holders = (holds.get(site.lock.id) ?? []).filter(
            (one) => one.thread.index >= 0 && (self || one.thread.index !== site.thread.index));
        if (!holders.length) continue;
        edge(`t${site.thread.index}`, `l${site.lock.id}`, "waits for", site);
        for (const one of holders) edge(`l${site.lock.id}`, `t${one.thread.index}`, "held by", one);
    }
    const named = new Set(edges.flatMap(({ from, to }) => [from, to]));
    return {
        threads: finding.threads.filter((thread) => named.has(`t${thread.index}`)),
        locks: finding.locks.filter((lock) => named.has(`l${lock.id}`)),
        edges,
    };
}

// The names of the nodes in the order of the circle, if all there is is one circle; else null.
export function circle({ threads, locks, edges }) {
    const next = new Map();
    for (const { from, to } of edges) {
        if (next.has(from)) return null;
        next.set(from, to);
    }
    const order = [];
    for (let at = edges[0]?.from; at && !order.includes(at); at = next.get(at)) order.push(at);
    const whole = order.length === threads.length + locks.length && order.length > 0;
    return whole && next.get(order.at(-1)) === order[0] ? order : null;
}
