// SPDX-License-Identifier: Apache-2.0
// The lock-order graph as a drawing: layered, the cycles lit, what is behind an edge on a click.
import dagre from "@dagrejs/dagre";
import { h, plural, replace, shorten, svg } from "./dom.js";
import { buildOrder, prune, reduce } from "./order.js";
import { heads } from "./picture.js";
import { matcher } from "./search.js";
import { placeView } from "./source.js";

const MOST = 40, CROWD = 20, LONGEST = 32, EXAMPLES = 12;

export class LockOrder {
    constructor(data) {
        this.data = data;
        this.graph = buildOrder(data);
        this.query = "";
        this.scale = 1;
        this.stage = h("div", { class: "stage" });
        this.details = h("div", { class: "details", "aria-live": "polite" });
        this.said = h("p", { class: "said" });
        const zoom = (label, title, factor) =>
            h("button", { title, "aria-label": title, onclick: () => this.zoom(factor) }, label);
        this.element = h("div", { class: "order" },
            h("div", { class: "bar" }, zoom("+", "zoom in (+)", 1.25), zoom("−", "zoom out (-)", 0.8), this.said),
            h("div", { class: "split" }, this.stage, this.details));
    }

    // The drawing takes its time: it is made when it comes to be seen.
    layout() {
        if (!this.drawn) this.search(this.query);
        this.drawn = true;
    }

    search(query) {
        this.query = query;
        const matches = matcher(query);
        const { nodes, edges } = this.graph;
        const found = new Set([...nodes.values()].filter((node) => matches(node.lock.name)).map((node) => node.id));
        const near = query ? edges.filter(({ from, to }) => found.has(from) || found.has(to)) : edges;
        const ids = new Set(query ? [...found, ...near.flatMap(({ from, to }) => [from, to])] : nodes.keys());
        const all = { nodes: new Map([...nodes].filter(([id]) => ids.has(id))), edges: near };
        const shown = prune(all, MOST);
        this.draw(reduce(shown), all, shown.edges.length);
    }

    draw(shown, all, edges) {
        const lit = shown.edges.filter((edge) => edge.cyclic || edge.lit).length;
        const left = all.nodes.size - shown.nodes.size, implied = edges - shown.edges.length;
        replace(this.said,
            shown.nodes.size === 0 ? (this.query ? "No lock has all of these words."
                : "No lock was taken while another one was held.")
                : "From a lock that was held to one that was then taken, and how often. ",
            lit > 0 && h("b", { class: "alarm" }, `${plural(lit, "edge")} on a cycle: these orders contradict each other. `),
            implied > 0 && `${plural(implied, "arrow")} not drawn, since others imply ${implied === 1 ? "it" : "them"}. `,
            left > 0 && `${plural(left, "lock")} with fewer such nestings left out; search finds them.`);
        this.details.replaceChildren();
        this.stage.replaceChildren();
        if (!shown.nodes.size) return;
        this.stage.append(this.drawing(shown));
        const focus = this.picture.querySelector(".node.lit") ?? this.picture;
        focus.scrollIntoView({ block: "center", inline: "nearest" });
    }

    drawing({ nodes, edges }) {
        const graph = new dagre.graphlib.Graph(), crowded = nodes.size > CROWD;
        graph.setGraph({ rankdir: "LR", ranksep: crowded ? 50 : 70, nodesep: 22, marginx: 16, marginy: 16 });
        for (const { id, lock } of nodes.values())
            graph.setNode(String(id), { width: Math.min(lock.name.length, LONGEST) * 7.4 + 30, height: 34 });
        for (const edge of edges)
            graph.setEdge(String(edge.from), String(edge.to), { edge, width: crowded ? 0 : 34, height: 16, labelpos: "c" });
        dagre.layout(graph);
        const { width, height } = graph.graph();
        this.size = { width, height };
        this.heads = heads();
        this.picture = svg("svg", {
            viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "lock-order graph",
        }, this.heads.element, graph.edges().map((key) => this.edgeView(graph.edge(key))),
        [...nodes.values()].map((node) => this.nodeView(node, graph.node(String(node.id)))));
        const { clientWidth, clientHeight } = this.stage;
        this.scale = Math.min(1.3, Math.max(0.8, (clientWidth - 24) / width), clientHeight / Math.min(height, clientHeight - 24));
        this.zoom(1);
        return this.picture;
    }

    zoom(factor) {
        if (!this.picture) return;
        this.scale = Math.min(4, Math.max(0.15, this.scale * factor));
        this.picture.setAttribute("width", this.size.width * this.scale);
        this.picture.setAttribute("height", this.size.height * this.scale);
    }

    // SVG knows no buttons: what can be pressed says so, and takes keys.
    pressable(element, label, act) {
        element.setAttribute("tabindex", "0");
        element.setAttribute("role", "button");
        element.setAttribute("aria-label", label);
        element.addEventListener("click", act);
        element.addEventListener("keydown", (event) => {
            if (event.key === "Enter" || event.key === " ") {
                event.preventDefault();
                act();
            }
        });
        return element;
    }

    edgeView({ edge, points, x, y }) {
        const path = points.map((point, i) => `${i ? "L" : "M"}${point.x},${point.y}`).join(" ");
        const lit = edge.cyclic || edge.lit;
        const name = (id) => this.graph.nodes.get(id).lock.name;
        const words = edge.count > 0 && y !== undefined && edge.count.toLocaleString("en");
        const label = (kind) => words && svg("text", { x, y: y + 4, class: kind }, words);
        return this.pressable(svg("g", { class: `edge ${lit ? "lit" : ""}` },
            svg("path", { d: path, class: "wide" }),
            svg("path", { d: path, "marker-end": this.heads.of(lit ? "waits" : "order") }),
            label("halo"), label(null)),
        `${name(edge.to)} taken while ${name(edge.from)} was held`, () => this.showEdge(edge));
    }

    nodeView({ lock, lit, id }, { x, y, width, height }) {
        return this.pressable(svg("g", { class: `node lock ${lit ? "lit" : ""}` },
            svg("title", {}, lock.name),
            svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: height / 2 }),
            svg("text", { x, y: y + 5, class: "name" }, shorten(lock.name, LONGEST))),
        lock.name, () => this.showNode(id, lock));
    }

    showEdge(edge) {
        const name = (id) => this.graph.nodes.get(id).lock.name;
        replace(this.details,
            h("h3", {}, `${name(edge.to)} taken while ${name(edge.from)} was held`),
            ...edge.examples.slice(0, EXAMPLES).map(({ holds, takes, thread, count, finding }) =>
                h("article", { class: "card" },
                    h("h4", {}, thread?.who ?? takes.who, count > 0 && h("span", { class: "faint" }, ` ${count.toLocaleString("en")}×`)),
                    finding && h("p", {}, h("a", { href: `#finding=${encodeURIComponent(finding.id)}` }, finding.title)),
                    holds && [h("p", {}, `takes ${name(edge.from)}`), placeView(holds.stack, 2)],
                    h("p", {}, `then ${name(edge.to)}`), placeView(takes.stack, 2))));
    }

    showNode(id, lock) {
        const { edges } = this.graph;
        const list = (title, ends) => ends.length > 0 && [h("h4", {}, title), h("ul", {}, ends.map(([other, edge]) =>
            h("li", {}, h("button", { class: "link", onclick: () => this.showEdge(edge) },
                this.graph.nodes.get(other).lock.name), edge.count > 0 && ` ${edge.count.toLocaleString("en")}×`)))];
        replace(this.details, h("h3", {}, lock.name), h("p", { class: "faint" }, lock.type),
            [list("Taken while it was held", edges.filter((edge) => edge.from === id).map((edge) => [edge.to, edge])),
                list("Held while it was taken", edges.filter((edge) => edge.to === id).map((edge) => [edge.from, edge]))]);
    }

    key(event) {
        if (event.key === "+" || event.key === "=") this.zoom(1.25);
        else if (event.key === "-") this.zoom(0.8);
        else if (event.key === "0") this.zoom(1 / this.scale);
        else return false;
        return true;
    }
}
