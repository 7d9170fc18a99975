// SPDX-License-Identifier: Apache-2.0
// One finding, told whole.
import { h, plural } from "./dom.js";
import { waitsPicture } from "./picture.js";
import { placeView, stackView } from "./source.js";
import { hueClass } from "./theme.js";
import { Witness } from "./witness.js";

export const badges = (finding) => h("span", { class: "badges" },
    h("span", { class: `badge ${finding.severity}` }, finding.severity),
    h("span", { class: `badge level ${finding.level}` }, finding.level),
    finding.status !== "new" && h("span", { class: "badge quiet" }, finding.status),
    finding.count > 1 && h("span", { class: "badge quiet" }, `${finding.count.toLocaleString("en")}×`));

const paragraphs = (texts) => texts.map((text) => h("p", {}, text));

function reasons(finding, open) {
    const { suppressor, reason, depends } = finding;
    return h("div", { class: "reasons" },
        h("h3", {}, "Why this is wrong"), paragraphs(finding.why),
        reason && [h("h3", {}, "Why it is only possible"), h("p", {}, reason)],
        h("h3", {}, "What to do"), h("div", { class: "advice" }, paragraphs(finding.advice)),
        depends && h("p", {}, "It rests on an earlier race: ",
            h("a", { href: `#finding=${encodeURIComponent(depends)}`, onclick: () => open(depends) },
                depends), ". Mend that one first: this one may go with it."),
        suppressor && h("p", {}, h("b", {}, "Suppressed by "), suppressor));
}

const origin = (verb, stack) => stack
    && [` ${verb} by `, h("b", {}, stack.place.name), ` at ${stack.place.place}`];

function siteView(site, number) {
    return h("li", { class: `site ${site.role}` },
        h("p", { class: "what" }, h("span", { class: "number" }, `${number}`), site.what),
        placeView(site.stack, 3));
}

// A card for each thread, with what it did in the order of the story.
function parties(finding) {
    const threads = new Map();
    finding.sites.forEach((site, i) => {
        if (!threads.has(site.who)) threads.set(site.who, []);
        threads.get(site.who).push([site, i + 1]);
    });
    return h("div", { class: "columns" }, [...threads].map(([who, sites]) => {
        const thread = sites[0][0].thread;
        return h("article", { class: `card ${hueClass(thread)}` },
            h("h4", {}, who), thread.created && h("p", { class: "faint" }, "created",
                origin("", thread.created)),
            h("ol", { class: "sites" }, sites.map(([site, number]) => siteView(site, number))));
    }));
}

function origins(finding) {
    const { variable } = finding;
    const rows = finding.locks.filter((lock) => lock.created || lock.allocated).map((lock) =>
        h("details", {}, h("summary", {}, h("b", {}, lock.name), ` (${lock.type})`,
            origin("allocated", lock.allocated),
            lock.created && [lock.allocated ? "," : "", " initialised or first used",
                origin("", lock.created)]),
        stackView(lock.created), stackView(lock.allocated)));
    if (variable) {
        rows.unshift(h("p", {}, h("b", {}, variable.name),
            ` is ${plural(variable.size, "byte")}`, variable.place && `, ${variable.place}`,
            variable.declared && `, declared at ${variable.declared.place}`,
            origin(", allocated", variable.allocated)));
    }
    return rows.length > 0 && h("section", {}, h("h3", {}, "Where they come from"), rows);
}

// {element, witness}: the witness, if there is one, takes the arrow keys. OPEN(id) shows another
// finding.
export function story(finding, { step, onStep = () => {}, open = () => {} } = {}) {
    const witness = finding.witness.length > 0 && new Witness(finding, step, onStep);
    const picture = waitsPicture(finding);
    const element = h("article", { class: "story", "aria-labelledby": `title-${finding.id}` },
        h("header", {},
            h("h2", { id: `title-${finding.id}` }, finding.title),
            h("p", { class: "kind" }, badges(finding), h("span", { title: finding.definition }, finding.kind))),
        h("div", { class: picture ? "glance" : "" }, picture, reasons(finding, open)),
        h("section", {}, h("h3", {}, finding.level === "observed" ? "What each thread did" : "What each thread does"),
            parties(finding)),
        witness && witness.element,
        origins(finding),
        h("p", { class: "faint" }, `Id ${finding.id}`));
    return { element, witness };
}
