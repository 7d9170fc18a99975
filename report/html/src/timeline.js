// SPDX-License-Identifier: Apache-2.0
// The timeline, on a canvas: only the rows in sight are drawn, and of what is narrower than a pixel
// what there is in that pixel together, so that the work depends on the window and not on the trace.
import { h, plural, shorten } from "./dom.js";
import { buildRows, kindOf, LANE, PADDING, waitingThreads } from "./rows.js";
import { matcher } from "./search.js";
import { placeView } from "./source.js";
import { GAVE_UP, NOBODY, OPEN, SEVERAL, SHARED, visit } from "./spans.js";
import { onTheme, threadColors } from "./theme.js";
import { duration, moment, roundStep } from "./time.js";

const GUTTER = 200, AXIS = 26, MINIMAP = 44, MOST_ARROWS = 200, MOST_SMEARS = 4000, BRICK = 11;

function canvasOf(attributes) {
    const canvas = h("canvas", attributes);
    return { canvas, context: canvas.getContext("2d") };
}

function resize(canvas, width, height) {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}

// Hatches tell kinds apart without colour: / for locks, - for words, \ for joins, dots for sleep.
function hatch(kind, color, ground) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const context = tile.getContext("2d");
    context.fillStyle = ground;
    context.fillRect(0, 0, 8, 8);
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = 2.2;
    context.beginPath();
    if (kind === "sleep") {
        context.arc(4, 4, 1.4, 0, 7);
        context.fill();
    } else if (kind === "word") {
        context.fillRect(0, 1, 8, 2);
        context.fillRect(0, 5, 8, 2);
    } else {
        const up = kind === "wait";
        for (const shift of [-8, 0, 8]) {
            context.moveTo(shift, up ? 8 : 0);
            context.lineTo(shift + 8, up ? 0 : 8);
        }
        context.stroke();
    }
    return context.createPattern(tile, "repeat");
}

// From where something happens, if nothing does for long; and where something was not over when the
// trace ended, a little further, so that it is seen: more if it would have stayed so for ever.
function wholeOf({ first, open, until }, hangs) {
    const begin = first > until / 10 ? first - (until - first) / 20 : 0;
    return { begin: Math.max(0, begin), end: Math.max(until + (open ? (until - begin) / (hangs ? 4 : 15) : 0), begin + 1) };
}

export class Timeline {
    // FETCH is null if the activity has all its spans, or gets those of a window: (begin, end, pixels)
    // to a promise.
    constructor(activity, { hangs, changed, fetch }) {
        this.activity = activity;
        this.changed = changed;
        this.fetch = fetch;
        this.whole = wholeOf(activity, hangs);
        this.view = { ...this.whole };
        Object.assign(this, { rows: [], offsets: [0], selected: NOBODY, dirty: false, lanes: new Map() });
        this.build();
        this.load(activity.spans);
        onTheme(() => { this.colors = null; this.redraw(); });
    }

    build() {
        const { canvas, context } = canvasOf({
            tabindex: 0, role: "application", class: "plot",
            "aria-label": "timeline of threads and locks: plus and minus zoom, arrows move, 0 shows all; "
                + "the tables under Statistics say the same in numbers",
        });
        Object.assign(this, { canvas, context });
        this.mini = canvasOf({ class: "minimap", "aria-hidden": "true" });
        this.spacer = h("div", { class: "spacer" });
        this.scroller = h("div", { class: "scroller" }, canvas, this.spacer);
        this.tip = h("div", { class: "tip", hidden: true });
        this.details = h("div", { class: "details", "aria-live": "polite" });
        const button = (label, title, act) => h("button", { title, "aria-label": title, onclick: act }, label);
        this.status = h("span", { class: "count" });
        this.element = h("div", { class: "timeline" },
            h("div", { class: "bar" },
                button("+", "zoom in (+)", () => this.zoom(0.5)),
                button("−", "zoom out (-)", () => this.zoom(2)),
                button("◀", "earlier (left arrow)", () => this.pan(-0.3)),
                button("▶", "later (right arrow)", () => this.pan(0.3)),
                button("All", "the whole time (0)", () => this.setView(this.whole)),
                button("Longest wait", "the longest wait for a lock, the next one (l)", () => this.showWait((this.wait ?? 0) + 1)),
                this.status, this.legend()),
            this.mini.canvas, this.scroller, this.tip, this.details);
        this.listen();
    }

    legend() {
        const { spans_left_out: spans, locks_left_out: locks } = this.activity;
        const item = (kind, text) => h("span", { class: `key ${kind}` }, h("i", {}), text);
        return h("span", { class: "legend" }, item("hold", "holds a lock"),
            item("wait", "waits for a lock"), item("word", "for a signal"), item("join", "for a thread's end"),
            item("sleep", "sleeps"),
            (spans > 0 || locks > 0) && h("span", { class: "faint" },
                ` Left out: ${plural(spans, "short span")}, ${plural(locks, "little used lock")}.`));
    }

    // SPANS is all there is, or what a window shows of it: the first ones are of the whole time.
    load(spans) {
        this.spans = spans;
        this.overview ??= !this.fetch || spans.count ? spans : null;
        const { chosen } = this;
        this.selected = chosen ? spans.from.findIndex((from, i) =>
            from === chosen.from && spans.thread[i] === chosen.thread && spans.site[i] === chosen.site) : NOBODY;
        this.all = buildRows(this.activity, spans, { everyLock: Boolean(this.fetch), lanesBefore: this.lanes });
        this.search(this.query ?? "");
        if (this.asked) this.showWait(this.asked);
    }

    // Fetches what the window shows, and as much to either side, unless that is there already.
    refresh() {
        if (!this.fetch || !this.width) return;
        const { begin, end } = this.view, size = end - begin, pixel = size / (this.width - GUTTER);
        const { loaded } = this;
        const enough = loaded && loaded.begin <= Math.max(begin, 0) && loaded.end >= Math.min(end, this.activity.until)
            && (loaded.grain <= pixel * 1.5 || loaded.grain < 1) && loaded.grain * 8 > pixel;
        clearTimeout(this.timer);
        if (enough) return;
        const from = Math.max(0, begin - size), until = Math.min(this.activity.until, end + size);
        const pixels = Math.ceil(Math.max(1, until - from) / pixel);
        this.timer = setTimeout(async () => {
            const number = (this.fetches = (this.fetches ?? 0) + 1);
            const spans = await this.fetch(from, until, pixels);
            if (number !== this.fetches) return;
            this.loaded = { begin: from, end: until, grain: (until - from) / pixels };
            this.load(spans);
            this.canvas.dataset.loaded = number;
        }, loaded ? 80 : 0);
    }

    search(query) {
        this.query = query;
        const matches = matcher(query);
        this.rows = this.all.filter((row) => matches(row.label));
        this.offsets = [0];
        for (const row of this.rows) this.offsets.push(this.offsets.at(-1) + row.height);
        this.miniature = null;
        this.layout();
    }

    // To be called when it has come to be seen, or its size has changed.
    layout() {
        const width = this.scroller.clientWidth;
        if (!width) return;
        this.width = width;
        this.height = Math.max(120, Math.min(this.scroller.clientHeight, this.offsets.at(-1) + AXIS));
        this.spacer.style.height = `${Math.max(0, this.offsets.at(-1) + AXIS - this.height)}px`;
        resize(this.canvas, width, this.height);
        resize(this.mini.canvas, width, MINIMAP);
        this.miniature = null;
        this.refresh();
        this.redraw();
    }

    redraw() {
        if (this.dirty || !this.width) return;
        this.dirty = true;
        requestAnimationFrame(() => {
            this.dirty = false;
            const before = performance.now();
            this.draw();
            this.canvas.dataset.milliseconds = (performance.now() - before).toFixed(2);
            this.canvas.dataset.frames = Number(this.canvas.dataset.frames ?? 0) + 1;
        });
    }

    /* The window. */

    get scale() {
        return (this.width - GUTTER) / (this.view.end - this.view.begin);
    }

    x(time) {
        return GUTTER + (time - this.view.begin) * this.scale;
    }

    time(x) {
        return this.view.begin + (x - GUTTER) / this.scale;
    }

    setView({ begin, end }) {
        const least = this.activity.timeless ? 2 : 100, { whole } = this;
        const size = Math.min(Math.max(end - begin, least), whole.end - whole.begin);
        const from = Math.min(Math.max(begin, whole.begin), whole.end - size);
        this.view = { begin: from, end: from + size };
        this.tip.hidden = true;
        this.changed(this);
        this.refresh();
        this.redraw();
    }

    zoom(factor, x = (this.width + GUTTER) / 2) {
        const at = this.time(Math.max(x, GUTTER));
        const { begin, end } = this.view;
        this.setView({ begin: at - (at - begin) * factor, end: at + (end - at) * factor });
    }

    pan(share) {
        const by = (this.view.end - this.view.begin) * share;
        this.setView({ begin: this.view.begin + by, end: this.view.end + by });
    }

    // The wait for a lock that is number RANK by its length, from 1 on; behind the last the first.
    showWait(rank) {
        const { overview: spans, activity: { sites } } = this;
        this.asked = spans ? 0 : rank;
        if (!spans) return;
        const last = (i) => spans.until[i] - spans.from[i];
        this.waits ??= Array.from({ length: spans.count }, (_, i) => i)
            .filter((i) => kindOf(sites[spans.site[i]]) === "wait" && !(spans.flags[i] & SEVERAL)).sort((a, b) => last(b) - last(a)).slice(0, 1000);
        if (!this.waits.length) return;
        this.wait = ((rank - 1) % this.waits.length) + 1;
        const i = this.waits[this.wait - 1], margin = last(i) / 3 + 1;
        this.setView({ begin: spans.from[i] - margin, end: spans.from[i] + last(i) + margin });
        this.select(i, spans);
        const row = this.rows.findIndex((one) => one.thread?.index === spans.thread[i]);
        const top = this.offsets[row] - this.scroller.scrollTop;
        if (row >= 0 && (top < 0 || top > this.height * 0.65))
            this.scroller.scrollTop = this.offsets[row] - this.height * 0.45;
    }

    /* Drawing. */

    palette() {
        const style = getComputedStyle(document.documentElement);
        const get = (name) => style.getPropertyValue(name).trim();
        const colors = {
            text: get("--text"), faint: get("--faint"), line: get("--line"), ground: get("--ground"),
            band: get("--band"), wait: get("--wait"), join: get("--join"), sleep: get("--sleep"), word: get("--word"),
            accent: get("--accent"), life: get("--life"), onHold: get("--on-hold"), thread: threadColors(),
        };
        colors.hatches = {};
        for (const kind of ["wait", "word", "join", "sleep"])
            colors.hatches[kind] = hatch(kind, colors[kind], get(`--${kind}-ground`));
        return colors;
    }

    draw() {
        this.colors ??= this.palette();
        const { context } = this;
        context.clearRect(0, 0, this.width, this.height);
        context.font = "12px system-ui, sans-serif";
        context.textBaseline = "middle";
        this.bricks = [];
        this.smeared = 0;
        const { first, last } = this.visible();
        for (let i = first; i < last; i++) this.drawRow(this.rows[i], this.y(i));
        this.drawArrows();
        this.drawAxis();
        this.drawMinimap();
        this.status.textContent = `${duration(this.view.end - this.view.begin, this.activity.timeless)} of `
            + `${duration(this.whole.end - this.whole.begin, this.activity.timeless)}, ${plural(this.rows.length, "row")}`;
    }

    y(row) {
        return AXIS + this.offsets[row] - this.scroller.scrollTop;
    }

    visible() {
        let first = 0;
        while (first + 1 < this.rows.length && this.y(first + 1) < AXIS) first++;
        let last = first;
        while (last < this.rows.length && this.y(last) < this.height) last++;
        return { first, last };
    }

    drawRow(row, y) {
        const { context, colors } = this;
        context.fillStyle = row.kind === "lock" ? colors.band : colors.ground;
        context.fillRect(0, y, this.width, row.height);
        context.fillStyle = colors.line;
        context.fillRect(0, y + row.height - 1, this.width, 1);
        context.save();
        context.beginPath();
        context.rect(GUTTER, y, this.width - GUTTER, row.height);
        context.clip();
        if (row.thread) this.drawLife(row, y);
        row.lanes.forEach((lane, n) => this.drawLane(row, lane, y + PADDING + n * LANE));
        context.restore();
        this.drawLabel(row, y);
    }

    drawLabel(row, y) {
        const { context, colors } = this;
        const middle = y + row.height / 2;
        context.fillStyle = row.thread ? colors.thread(row.thread) : colors.faint;
        context.beginPath();
        if (row.thread) context.rect(8, middle - 6, 9, 12);
        else context.arc(12, middle, 5, 0, 7);
        context.fill();
        context.fillStyle = colors.text;
        context.fillText(shorten(row.label, 27), 24, middle, GUTTER - 32);
    }

    drawLife({ thread, height }, y) {
        const { life } = thread;
        if (!life) return;
        const from = this.x(life.from), until = this.x(life.ended ? life.until : this.whole.end);
        this.context.fillStyle = this.colors.life;
        this.context.fillRect(from, y + height - 4, Math.max(1, until - from), 2);
    }

    drawLane(row, lane, y) {
        const grain = 1 / this.scale;
        visit(this.spans, lane, Math.min(this.view.begin, this.activity.until - 1), this.view.end, grain,
            (i) => this.drawSpan(row, i, y),
            (from, until, count, share, i) => this.smear(i, from, until, share, y));
    }

    color(i) {
        const site = this.activity.sites[this.spans.site[i]];
        const kind = kindOf(site);
        return kind === "hold" ? this.colors.thread(this.threadOf(i)) : this.colors[kind];
    }

    threadOf(i, spans = this.spans) {
        return this.activity.threads[spans.thread[i]];
    }

    drawSpan(row, i, y) {
        const { context, spans, colors } = this;
        if (spans.flags[i] & SEVERAL) {
            this.drawSeveral(i, y);
            return;
        }
        const site = this.activity.sites[spans.site[i]], kind = kindOf(site);
        const open = spans.flags[i] & OPEN;
        const from = this.x(spans.from[i]), until = this.x(open ? this.whole.end : spans.until[i]);
        const width = Math.max(1, until - from), left = Math.max(from, GUTTER - 2);
        const right = Math.min(from + width, this.width + 2);
        const wide = width > 3 && kind !== "hold";
        context.fillStyle = wide ? colors.hatches[kind] : this.color(i);
        context.globalAlpha = spans.flags[i] & SHARED ? 0.55 : 1;
        context.fillRect(left, y, right - left, BRICK);
        context.globalAlpha = 1;
        if (wide) this.outline(left, y, right - left, colors[kind], 1);
        if (i === this.selected) this.outline(left, y, right - left, colors.text, 2);
        if (spans.flags[i] & (OPEN | GAVE_UP)) this.drawEnd(right, y, spans.flags[i]);
        if (right - left > 46) this.drawWords(row.lock ? this.threadOf(i).who : site.lock?.name ?? site.what, kind, left, right, y);
        if (kind === "hold" && width > 6) this.outline(left, y, right - left, colors.ground, 0.5);
        this.bricks.push({ i, row, x: left, y, width: right - left });
    }

    // Short ones, together: the fuller the darker.
    drawSeveral(i, y) {
        const { spans } = this, size = Math.max(spans.until[i] - spans.from[i], 1 / this.scale);
        this.smear(i, spans.from[i], spans.from[i] + size, Math.min(1, spans.busy[i] / size), y);
        this.bricks.push({ i, x: this.x(spans.from[i]), y, width: Math.max(1, size * this.scale) });
    }

    smear(i, from, until, share, y) {
        const { context } = this;
        this.smeared++;
        context.globalAlpha = 0.35 + 0.65 * share;
        context.fillStyle = this.color(i);
        context.fillRect(this.x(from), y, Math.max(1, this.x(until) - this.x(from)), BRICK);
        context.globalAlpha = 1;
    }

    outline(x, y, width, color, line) {
        this.context.strokeStyle = color;
        this.context.lineWidth = line;
        this.context.strokeRect(x + line / 2, y + line / 2, Math.max(0, width - line), BRICK - line);
    }

    // A cross: given up. An arrow: not over when the trace ended.
    drawEnd(x, y, flags) {
        const { context } = this;
        context.strokeStyle = this.colors.text;
        context.lineWidth = 1.5;
        context.beginPath();
        if (flags & GAVE_UP) {
            context.moveTo(x - 6, y + 2);
            context.lineTo(x - 1, y + BRICK - 2);
            context.moveTo(x - 1, y + 2);
            context.lineTo(x - 6, y + BRICK - 2);
        } else {
            context.moveTo(x - 6, y + 2);
            context.lineTo(x - 1, y + BRICK / 2);
            context.lineTo(x - 6, y + BRICK - 2);
        }
        context.stroke();
    }

    drawWords(text, kind, left, right, y) {
        const { context } = this;
        const room = right - left - 12, shown = shorten(text, Math.floor(room / 6));
        if (shown.length < 3) return;
        context.font = "10px system-ui, sans-serif";
        if (kind !== "hold") {
            context.fillStyle = this.colors.ground;
            context.fillRect(left + 4, y + 1, context.measureText(shown).width + 6, BRICK - 2);
        }
        context.fillStyle = kind === "hold" ? this.colors.onHold : this.colors.text;
        context.fillText(shown, left + 7, y + BRICK / 2 + 0.5, room);
        context.font = "12px system-ui, sans-serif";
    }

    // From who let a wait go on to who waited: only where so few are in sight that they can be told
    // apart.
    drawArrows() {
        const { spans, context } = this;
        const waits = this.bricks.filter(({ i, row }) =>
            row?.thread && spans.by[i] !== NOBODY && kindOf(this.activity.sites[spans.site[i]]) !== "hold");
        if (waits.length > MOST_ARROWS || this.smeared > MOST_SMEARS) return;
        const middles = new Map();
        this.rows.forEach(({ thread, height }, i) => thread && middles.set(thread.index, this.y(i) + height / 2));
        context.save();
        context.beginPath();
        context.rect(GUTTER, AXIS, this.width - GUTTER, this.height);
        context.clip();
        context.strokeStyle = context.fillStyle = this.colors.text;
        context.lineWidth = 1;
        context.globalAlpha = 0.75;
        for (const { i, y } of waits) {
            const from = middles.get(spans.by[i]);
            if (from === undefined || spans.by[i] === spans.thread[i]) continue;
            this.arrow(this.x(spans.handed[i] || spans.until[i]), from, this.x(spans.until[i]), y + BRICK / 2);
        }
        context.restore();
    }

    arrow(x1, y1, x2, y2) {
        const { context } = this;
        const bend = Math.max(12, Math.abs(x2 - x1) / 2), down = y2 > y1 ? 1 : -1;
        context.beginPath();
        context.moveTo(x1, y1);
        context.bezierCurveTo(x1 + bend, y1, x2 + bend, y2 - down * 14, x2 + 1, y2);
        context.stroke();
        context.beginPath();
        context.arc(x1, y1, 2.5, 0, 7);
        context.fill();
        context.beginPath();
        context.moveTo(x2, y2);
        context.lineTo(x2 + 8, y2 - down * 7);
        context.lineTo(x2 + 8, y2 + down * 1);
        context.fill();
    }

    drawAxis() {
        const { context, colors, view } = this;
        context.fillStyle = colors.ground;
        context.fillRect(0, 0, this.width, AXIS);
        context.strokeStyle = colors.line;
        context.fillStyle = colors.faint;
        const step = roundStep(110 / this.scale);
        context.beginPath();
        for (let at = Math.ceil(view.begin / step) * step; at <= view.end; at += step) {
            const x = Math.round(this.x(at)) + 0.5;
            context.moveTo(x, AXIS - 5);
            context.lineTo(x, this.height);
            context.fillText(moment(at, step, this.activity.timeless), x + 3, AXIS / 2);
        }
        context.lineWidth = 0.5;
        context.stroke();
        context.fillStyle = colors.line;
        context.fillRect(0, AXIS - 1, this.width, 1);
        this.drawTraceEnd();
    }

    drawTraceEnd() {
        const { context, colors } = this, x = this.x(this.activity.until);
        if (this.whole.end <= this.activity.until || x < GUTTER || x > this.width) return;
        context.strokeStyle = context.fillStyle = colors.wait;
        context.lineWidth = 1;
        context.setLineDash([4, 3]);
        context.strokeRect(x, AXIS, 0, this.height);
        context.setLineDash([]);
        const words = "the trace ends", wide = context.measureText(words).width;
        context.clearRect(x - wide / 2 - 4, 2, wide + 8, AXIS - 4);
        context.fillText(words, x - wide / 2, AXIS / 2);
    }

    // How many threads wait, over the whole time, and where the window is.
    drawMinimap() {
        const { mini: { canvas, context }, colors, width } = this;
        const inner = width - GUTTER, floor = MINIMAP - 5;
        this.miniature ??= waitingThreads(this.activity, this.overview ?? this.spans, this.whole, Math.max(1, Math.floor(inner / 2)));
        const highest = Math.max(1, ...this.miniature);
        context.clearRect(0, 0, canvas.width, canvas.height);
        context.font = "12px system-ui, sans-serif";
        context.textBaseline = "middle";
        context.fillStyle = colors.faint;
        context.fillText("waiting for locks", 24, MINIMAP / 2 - 8);
        context.fillText(`at most ${highest.toFixed(highest < 10 ? 1 : 0).replace(/\.0$/, "")}`, 24, MINIMAP / 2 + 8);
        context.fillStyle = colors.band;
        context.fillRect(GUTTER, 3, inner, floor - 2);
        context.fillStyle = colors.wait;
        this.miniature.forEach((value, i) => {
            const height = (value / highest) * (floor - 6);
            context.fillRect(GUTTER + i * 2, floor - height, 2, height);
        });
        const perTime = inner / (this.whole.end - this.whole.begin);
        const x = GUTTER + (this.view.begin - this.whole.begin) * perTime;
        const size = Math.max(3, (this.view.end - this.view.begin) * perTime);
        context.strokeStyle = colors.accent;
        context.lineWidth = 2;
        context.strokeRect(x + 1, 2, Math.max(1, size - 2), floor);
    }

    /* Pointer and keys. */

    listen() {
        const { canvas } = this;
        this.scroller.addEventListener("scroll", () => { this.tip.hidden = true; this.redraw(); });
        canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
        canvas.addEventListener("pointerdown", (event) => this.press(event));
        canvas.addEventListener("pointermove", (event) => this.hover(event));
        canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
        this.mini.canvas.addEventListener("pointerdown", (event) => this.dragMinimap(event));
        new ResizeObserver(() => this.layout()).observe(this.scroller);
    }

    wheel(event) {
        event.preventDefault();
        if (event.shiftKey) this.scroller.scrollTop += event.deltaY || event.deltaX;
        else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(event.deltaX / 800);
        else this.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 200), event.offsetX);
    }

    // A drag moves the window; a press alone selects.
    press(event) {
        const { clientX, clientY } = event, { begin, end } = this.view, scale = this.scale;
        const top = this.scroller.scrollTop;
        let moved = false;
        this.canvas.setPointerCapture(event.pointerId);
        const move = (to) => {
            moved ||= Math.hypot(to.clientX - clientX, to.clientY - clientY) > 4;
            if (!moved) return;
            const by = (clientX - to.clientX) / scale;
            this.scroller.scrollTop = top + clientY - to.clientY;
            this.setView({ begin: begin + by, end: end + by });
        };
        this.canvas.addEventListener("pointermove", move);
        this.canvas.addEventListener("pointerup", () => {
            this.canvas.removeEventListener("pointermove", move);
            if (!moved) this.select(this.at(event.offsetX, event.offsetY)?.i ?? NOBODY);
        }, { once: true });
    }

    dragMinimap(event) {
        const { canvas } = this.mini;
        const go = ({ offsetX }) => {
            const size = this.view.end - this.view.begin;
            const share = (offsetX - GUTTER) / (this.width - GUTTER);
            const middle = this.whole.begin + share * (this.whole.end - this.whole.begin);
            this.setView({ begin: middle - size / 2, end: middle + size / 2 });
        };
        canvas.setPointerCapture(event.pointerId);
        canvas.addEventListener("pointermove", go);
        canvas.addEventListener("pointerup", () => canvas.removeEventListener("pointermove", go), { once: true });
        go(event);
    }

    // What is drawn at a point: near enough counts, for what is narrow.
    at(x, y) {
        let best = null;
        for (const brick of this.bricks ?? []) {
            if (y < brick.y - 1 || y > brick.y + BRICK + 1) continue;
            const away = Math.max(brick.x - x, x - brick.x - brick.width, 0);
            if (away < 4 && (!best || away < best.away)) best = { ...brick, away };
        }
        return best;
    }

    describe(i, spans = this.spans) {
        const { activity: { sites, threads, timeless } } = this;
        const site = sites[spans.site[i]], flags = spans.flags[i];
        const step = (this.view.end - this.view.begin) / 1000;
        const several = spans.several[i] > 1
            && `${spans.several[i].toLocaleString("en")} short ones, together ${duration(spans.busy[i], timeless)}: zoom in to tell them apart`;
        const parts = [
            several, `${moment(spans.from[i], step, timeless)}, for ${duration(spans.until[i] - spans.from[i], timeless)}`,
            flags & SHARED && "as a reader", flags & OPEN && "not over when the trace ended",
            flags & GAVE_UP && "given up",
            spans.by[i] !== NOBODY && `let through by ${threads[spans.by[i]].who}`,
        ];
        return { who: this.threadOf(i, spans).who, site, times: parts.filter(Boolean).join("; ") };
    }

    hover(event) {
        const found = this.at(event.offsetX, event.offsetY);
        this.tip.hidden = !found || event.buttons > 0;
        this.canvas.style.cursor = found ? "pointer" : "grab";
        if (this.tip.hidden) return;
        const { who, site, times } = this.describe(found.i);
        this.tip.replaceChildren(h("b", {}, shorten(who, 60)), ` ${shorten(site.what, 160)}`, h("div", {}, times),
            site.stack && h("div", { class: "faint" }, `${shorten(site.stack.place.name, 60)} at ${shorten(site.stack.place.place, 60)}`));
        const box = this.element.getBoundingClientRect();
        const x = event.clientX - box.left, y = event.clientY - box.top;
        this.tip.style.left = `${Math.min(x + 14, box.width - 330)}px`;
        this.tip.style.top = `${y + 16}px`;
    }

    select(i, spans = this.spans) {
        this.chosen = i === NOBODY ? null : { from: spans.from[i], thread: spans.thread[i], site: spans.site[i] };
        this.selected = spans === this.spans ? i : NOBODY;
        if (spans !== this.overview || this.waits?.[this.wait - 1] !== i) this.wait = undefined;
        this.changed(this);
        this.details.replaceChildren();
        if (i !== NOBODY) {
            const { who, site, times } = this.describe(i, spans);
            this.details.append(h("p", {}, h("b", {}, who), ` ${site.what}`),
                h("p", { class: "faint" }, times), placeView(site.stack, 4));
        }
        this.redraw();
    }

    key(event) {
        const step = { ArrowLeft: -0.15, ArrowRight: 0.15 }[event.key];
        if (event.key === "+" || event.key === "=") this.zoom(0.5);
        else if (event.key === "-") this.zoom(2);
        else if (event.key === "0") this.setView(this.whole);
        else if (step) this.pan(step);
        else if (event.key === "ArrowDown") this.scroller.scrollTop += 60;
        else if (event.key === "ArrowUp") this.scroller.scrollTop -= 60;
        else if (event.key === "l") this.showWait((this.wait ?? 0) + 1);
        else if (event.key === "Escape") this.select(NOBODY);
        else return false;
        return true;
    }
}
