// SPDX-License-Identifier: Apache-2.0
// The picture of who waits for whom: boxes for threads, rounded ones for locks, and arrows.
import dagre from "@dagrejs/dagre";
import { h, shorten, svg } from "./dom.js";
import { hueClass } from "./theme.js";
import { circle, waitsOf } from "./waits.js";

const CHARACTER = 7.3, LONGEST = 30;

function nodesOf(waits) {
    const nodes = new Map();
    const add = (name, kind, title, detail, hue) => {
        const lines = [shorten(title, LONGEST), detail && shorten(detail, LONGEST)].filter(Boolean);
        const widest = Math.max(...lines.map((line) => line.length));
        nodes.set(name, {
            kind, lines, hue, full: title,
            width: Math.max(90, widest * CHARACTER + 28),
            height: lines.length > 1 ? 46 : 32,
        });
    };
    for (const thread of waits.threads) {
        const wait = waits.edges.find(({ from }) => from === `t${thread.index}`);
        add(`t${thread.index}`, "thread", thread.who, wait?.site.stack?.place.place.split("/").pop(),
            hueClass(thread));
    }
    for (const lock of waits.locks) add(`l${lock.id}`, "lock", lock.name, null, null);
    return nodes;
}

// Evenly on an ellipse, wide enough that neighbours leave room for an arrow and its words.
function onCircle(nodes, order) {
    const widest = Math.max(...order.map((name) => nodes.get(name).width));
    const across = order.length <= 4 ? widest / 2 + 140 : Math.max(order.length * 42, widest + 110);
    const down = order.length <= 2 ? 0 : order.length <= 4 ? 110 : Math.max(170, order.length * 26);
    order.forEach((name, i) => {
        const angle = (2 * Math.PI * i) / order.length - Math.PI / 2 + (order.length <= 2 ? Math.PI / 2 : 0);
        Object.assign(nodes.get(name), { x: across * Math.cos(angle), y: down * Math.sin(angle) });
    });
}

function layered(nodes, edges) {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "LR", ranksep: 90, nodesep: 24 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const [name, { width, height }] of nodes) graph.setNode(name, { width, height });
    for (const { from, to } of edges) graph.setEdge(from, to);
    dagre.layout(graph);
    for (const [name, node] of nodes) {
        const { x, y } = graph.node(name);
        Object.assign(node, { x, y });
    }
}

// Where the line from the middle of NODE towards (x, y) leaves it.
function border(node, x, y) {
    const dx = x - node.x, dy = y - node.y;
    const scale = Math.min((node.width / 2 + 3) / Math.abs(dx || 1e-9),
        (node.height / 2 + 3) / Math.abs(dy || 1e-9));
    return [node.x + dx * Math.min(1, scale), node.y + dy * Math.min(1, scale)];
}

function arrow(nodes, { from, to, what }, both, marks) {
    const a = nodes.get(from), b = nodes.get(to);
    const bend = both ? 26 : 0; // two between the same nodes run beside each other
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const mx = (a.x + b.x) / 2 - ((b.y - a.y) / length) * bend * 2;
    const my = (a.y + b.y) / 2 + ((b.x - a.x) / length) * bend * 2;
    const [x1, y1] = border(a, mx, my), [x2, y2] = border(b, mx, my);
    const kind = what === "held by" ? "held" : "waits";
    const lx = (x1 + 2 * mx + x2) / 4, ly = (y1 + 2 * my + y2) / 4;
    return svg("g", { class: `arrow ${kind}` },
        svg("path", { d: `M${x1},${y1} Q${mx},${my} ${x2},${y2}`, "marker-end": marks.of(kind) }),
        svg("text", { x: lx, y: ly + 4, class: "halo" }, what),
        svg("text", { x: lx, y: ly + 4 }, what));
}

function box({ kind, lines, hue, full, x, y, width, height }) {
    return svg("g", { class: `node ${kind} ${hue ?? ""}` },
        svg("title", {}, full),
        svg("rect", {
            x: x - width / 2, y: y - height / 2, width, height, rx: kind === "lock" ? height / 2 : 5,
        }),
        lines.map((line, i) => svg("text", {
            x, y: y + 5 + (i - (lines.length - 1) / 2) * 17, class: i ? "detail" : "name",
        }, line)));
}

const head = (kind, id) => svg("marker", {
    id, class: kind, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7,
    markerHeight: 7, orient: "auto-start-reverse",
}, svg("path", { d: "M0,0 L10,5 L0,10 z" }));

// Heads of arrows, of one drawing alone: those of one that is hidden would not be seen.
let drawings = 0;
export function heads() {
    const id = (kind) => `head-${kind}-${drawn}`, drawn = drawings++;
    return {
        element: svg("defs", {}, ["waits", "held", "order"].map((kind) => head(kind, id(kind)))),
        of: (kind) => `url(#${id(kind)})`,
    };
}

const sentence = (waits, nodes) => waits.edges
    .map(({ from, to, what }) => `${nodes.get(from).full} ${what} ${nodes.get(to).full}`).join("; ");

// A figure, or null where nobody waits for somebody.
export function waitsPicture(finding) {
    const waits = waitsOf(finding);
    if (!waits.edges.length) return null;
    const nodes = nodesOf(waits), order = circle(waits);
    if (order && order.length <= 12) onCircle(nodes, order);
    else layered(nodes, waits.edges);
    const all = [...nodes.values()];
    const left = Math.min(...all.map((n) => n.x - n.width / 2)) - 14;
    const right = Math.max(...all.map((n) => n.x + n.width / 2)) + 14;
    const both = (edge) => waits.edges.some((one) => one.from === edge.to && one.to === edge.from);
    const margin = waits.edges.some(both) ? 34 : 12;
    const top = Math.min(...all.map((n) => n.y - n.height / 2)) - margin;
    const bottom = Math.max(...all.map((n) => n.y + n.height / 2)) + margin;
    const marks = heads();
    const title = finding.level === "observed" ? "Who waits for whom" : "Who would wait for whom";
    return h("figure", { class: "waits" },
        h("figcaption", {}, title),
        svg("svg", {
            viewBox: `${left} ${top} ${right - left} ${bottom - top}`, width: right - left,
            role: "img", "aria-label": `${title}: ${sentence(waits, nodes)}`,
        }, marks.element, waits.edges.map((edge) => arrow(nodes, edge, both(edge), marks)), all.map(box)));
}
