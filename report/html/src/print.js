// SPDX-License-Identifier: Apache-2.0
// On paper all findings are told whole; the rest of the page is for the screen.
import { h } from "./dom.js";
import { story } from "./story.js";

const MOST = 200;

export function printAll(data) {
    const place = document.getElementById("print");
    const fill = () => {
        if (place.childElementCount) return;
        const told = data.findings.filter((finding) => finding.status !== "suppressed");
        place.append(h("h1", {}, `snarl: ${data.program.argv.join(" ")}`),
            ...data.remarks.map(({ severity, text }) => h("p", {}, `${severity}: ${text}`)),
            ...told.slice(0, MOST).map((finding) => story(finding).element),
            told.length > MOST ? h("p", {}, `${told.length - MOST} more findings are not printed.`) : "");
        for (const details of place.querySelectorAll("details")) details.open = true;
    };
    const clear = () => place.replaceChildren();
    addEventListener("beforeprint", fill);
    addEventListener("afterprint", clear);
    matchMedia("print").addEventListener("change", ({ matches }) => (matches ? fill() : clear()));
}
