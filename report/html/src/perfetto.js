// SPDX-License-Identifier: Apache-2.0
// The hand-over to ui.perfetto.dev: its page asks for nothing by itself, but takes a trace from the
// page that opened it. The trace goes from this browser into that page, and to no server.
import { h } from "./dom.js";

const PERFETTO = "https://ui.perfetto.dev";

async function handOver(button, title) {
    const other = window.open(PERFETTO);
    if (!other) {
        button.textContent = "The browser lets no window open";
        return;
    }
    const buffer = await (await fetch("/trace.json")).arrayBuffer();
    const ask = setInterval(() => other.postMessage("PING", PERFETTO), 100);
    const heard = (event) => {
        if (event.source !== other || event.origin !== PERFETTO || event.data !== "PONG") return;
        clearInterval(ask);
        removeEventListener("message", heard);
        other.postMessage({ perfetto: { buffer, title } }, PERFETTO);
    };
    addEventListener("message", heard);
    setTimeout(() => clearInterval(ask), 60000);
}

export function perfettoButton(title) {
    const button = h("button", {
        title: "Opens ui.perfetto.dev and hands it the trace, in this browser: nothing is uploaded",
        onclick: () => handOver(button, title),
    }, "Open in Perfetto");
    return button;
}
