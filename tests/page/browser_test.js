// SPDX-License-Identifier: Apache-2.0
// Clicks through the pages that browser.py made, as files and without a network. Whatever a page
// says on the console, fetches, or is kept from by its security policy is a fault.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";

const build = process.env.BUILD;
const { chromium } = createRequire(`${build}/npm/package.json`)("playwright-core");

let browser;
before(async () => {
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser?.close());

// Runs WORK(page) on the page NAME, or at the address AT, and then looks for faults.
async function visit(name, work, { hash = "", at, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
    const faults = [], url = at ?? `file://${build}/pages/${name}.html`;
    const page = await context.newPage();
    page.setDefaultTimeout(30000);
    page.on("console", (message) => faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.stack));
    page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    await context.route("https://ui.perfetto.dev/**", (route) => route.fulfill({
        contentType: "text/html",
        body: `<script>addEventListener("message", ({ data, source }) => {
            if (data === "PING") source.postMessage("PONG", "*");
            else document.title = data.perfetto.title + " " + new TextDecoder().decode(data.perfetto.buffer).slice(0, 24);
        })</script>`,
    }));
    page.on("request", (request) => {
        if (!request.url().startsWith(url) && !request.url().startsWith("data:"))
            faults.push(`fetches ${request.url()}`);
    });
    await page.addInitScript(() => addEventListener("securitypolicyviolation",
        (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
    try {
        await page.goto(url + hash);
        await work(page);
    } finally {
        await context.close();
    }
    assert.deepEqual(faults, []);
}

// The colours of what is drawn, as often as they are there.
const colors = (page, selector) => page.locator(selector).evaluate((canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const found = new Map();
    for (let i = 0; i < data.length; i += 4) {
        const color = data.slice(i, i + 3).join();
        found.set(color, (found.get(color) ?? 0) + 1);
    }
    return Object.fromEntries([...found].filter(([, count]) => count > 20));
});

const drawn = async (page) => {
    const frames = Number(await page.locator(".plot").getAttribute("data-frames"));
    return { frames, milliseconds: Number(await page.locator(".plot").getAttribute("data-milliseconds")) };
};

// Does ACT, waits until the timeline has drawn, and says how long that took.
async function redrawn(page, act) {
    const { frames } = await drawn(page);
    await act();
    await page.waitForFunction((seen) => Number(document.querySelector(".plot").dataset.frames) > seen, frames);
    return (await drawn(page)).milliseconds;
}

test("philosophers: who waits for whom, at a glance", () => visit("philosophers", async (page) => {
    assert.equal(await page.title(), "snarl: philosophers");
    assert.equal(await page.locator(".verdict").textContent(), "1 finding: 1 observed");
    const figure = page.locator("figure.waits");
    assert.equal(await figure.locator(".node.thread").count(), 3);
    assert.equal(await figure.locator(".node.lock").count(), 3);
    assert.equal(await figure.locator(".arrow.waits").count(), 3);
    assert.equal(await figure.locator(".arrow.held").count(), 3);
    const said = await figure.locator("svg").getAttribute("aria-label");
    assert.match(said, /thread 1 waits for chopstick_b; chopstick_b held by thread 2/);
    assert.ok(await figure.isVisible());
    assert.equal(await page.locator(".site").count(), 6);
    assert.equal(await page.locator(".site .marked").filter({ hasText: "pthread_mutex_lock(self->second)" }).count(), 3);
    assert.match(await page.locator(".reasons").textContent(), /What to do.*same order/s);
    const box = await figure.boundingBox();
    assert.ok(box.y + box.height < 860, "the picture is on the first screen");
}));

test("the timeline: zoom, drag, keys, a click", () => visit("philosophers", async (page) => {
    await page.keyboard.press("2");
    const plot = page.locator(".plot"), status = page.locator(".timeline .bar .count");
    await plot.waitFor();
    await redrawn(page, () => page.setViewportSize({ width: 1361, height: 860 }));
    assert.match(await status.textContent(), /7 rows/);
    assert.ok(Object.keys(await colors(page, ".plot")).length > 8);
    const whole = await status.textContent();
    await redrawn(page, () => page.keyboard.press("+"));
    assert.notEqual(await status.textContent(), whole);
    await redrawn(page, () => page.keyboard.press("0"));
    assert.equal(await status.textContent(), whole);
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + 700, box.y + 60);
    await redrawn(page, () => page.mouse.wheel(0, -300));
    assert.notEqual(await status.textContent(), whole);
    const before = await colors(page, ".minimap");
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 60, { steps: 3 });
    await redrawn(page, () => page.mouse.up().then(() => page.keyboard.press("ArrowLeft")));
    assert.notDeepEqual(await colors(page, ".minimap"), before);
    await redrawn(page, () => page.getByRole("button", { name: "the whole time (0)" }).click());
    // The last row is a lock that a thread holds for ever: its right end is drawn.
    await page.mouse.move(box.x + box.width - 100, box.y + box.height - 12);
    await page.locator(".tip").waitFor();
    assert.match(await page.locator(".tip").textContent(), /holds chopstick_.*not over when the trace ended.*philosophers\.c/s);
    await page.mouse.click(box.x + box.width - 100, box.y + box.height - 12);
    assert.match(await page.locator(".timeline .details").textContent(), /holds chopstick_.*pthread_mutex_lock/s);
    await redrawn(page, () => page.keyboard.press("Escape"));
    assert.equal(await page.locator(".timeline .details").textContent(), "");
}));

test("the longest wait", () => visit("busy", async (page) => {
    await page.keyboard.press("2");
    await page.locator(".plot").waitFor();
    const length = async () => Number(/for ([\d.]+) µs/.exec(await page.locator(".timeline .details").textContent())[1]);
    await redrawn(page, () => page.keyboard.press("l"));
    const longest = await length();
    assert.match(await page.locator(".timeline .details").textContent(), /waits for lock_.*let through by thread/s);
    await redrawn(page, () => page.getByRole("button", { name: /the longest wait/ }).click());
    assert.ok(await length() <= longest);
    assert.match(page.url(), /wait=2/);
}));

test("the lock order: the cycle is lit, an edge tells", () => visit("philosophers", async (page) => {
    await page.getByRole("tab", { name: "Lock order" }).click();
    assert.equal(await page.locator(".edge.lit").count(), 3);
    assert.equal(await page.locator(".node.lit").count(), 4 - 1);
    assert.match(await page.locator(".said").textContent(), /3 edges on a cycle/);
    await page.locator(".edge.lit").first().focus();
    await page.keyboard.press("Enter");
    assert.match(await page.locator(".order .details").textContent(), /taken while chopstick_. was held.*pthread_mutex_lock/s);
    await page.getByRole("link", { name: /3 threads wait/ }).click();
    await page.locator("figure.waits").waitFor();
}));

test("statistics sort, and search narrows", () => visit("busy", async (page) => {
    await page.keyboard.press("4");
    const table = page.locator("table").first(), first = table.locator("tbody tr").first();
    assert.equal(await table.locator("tbody tr").count(), 40);
    const by = async (name) => {
        await table.getByRole("button", { name, exact: true }).click();
        return first.locator("th").first().textContent();
    };
    assert.equal(await by("Lock"), "lock_0");
    const most = await by("Taken");
    assert.notEqual(await by("Taken"), most);
    await page.keyboard.press("/");
    await page.keyboard.type("lock_17");
    assert.equal(await table.locator("tbody tr").count(), 1);
    await page.keyboard.press("Escape");
    assert.equal(await table.locator("tbody tr").count(), 40);
}));

test("a hundred thousand intervals stay fluent", () => visit("busy", async (page) => {
    const times = [];
    await page.keyboard.press("2");
    await page.locator(".plot").waitFor();
    for (let zoom = 0; zoom < 14; zoom++) {
        const each = [];
        for (const key of ["+", "ArrowRight", "ArrowLeft"]) each.push(await redrawn(page, () => page.keyboard.press(key)));
        times.push(Math.min(...each)); // what it takes; the others were kept from the processor
    }
    assert.ok(Math.max(...times) < 30, `milliseconds by zoom: ${times}`);
    await redrawn(page, () => page.keyboard.press("0"));
    await redrawn(page, () => page.locator(".scroller").evaluate((one) => { one.scrollTop = 300; }));
    await page.keyboard.press("/");
    await page.keyboard.type("worker 3");
    await page.locator(".timeline .bar .count").filter({ hasText: /, 1 row$/ }).waitFor();
}));

test("several processes", () => visit("busy", async (page) => {
    await page.keyboard.press("2");
    await page.locator(".plot").waitFor();
    await page.getByLabel("Process").selectOption("1");
    await page.waitForFunction(() => document.querySelectorAll(".plot").length === 1);
    await page.keyboard.press("4");
    assert.equal(await page.locator("table").count(), 4);
    await page.keyboard.press("3");
    assert.equal(await page.locator(".edge.lit").count(), 6);
}));

test("the witness, step by step", () => visit("predicted", async (page) => {
    const count = page.locator(".witness .count"), states = page.locator(".lock-states");
    assert.equal(await count.textContent(), "Step 1 of 4");
    assert.equal(await states.textContent(), "chopstick_a is held by thread 1 (Barron)");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.equal(await count.textContent(), "Step 3 of 4");
    assert.match(await states.textContent(), /chopstick_b is held by thread 2 \(Olivia\), wanted by thread 1 \(Barron\)/);
    const stands = page.locator(".now .card");
    assert.equal(await stands.count(), 2);
    for (const i of [0, 1]) assert.match(await stands.nth(i).locator(".marked").textContent(), /pthread_mutex_lock/);
    const [left, right] = [await stands.nth(0).boundingBox(), await stands.nth(1).boundingBox()];
    assert.ok(left.y === right.y && left.x + left.width <= right.x, "side by side");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await count.textContent(), "Step 2 of 4");
    await page.getByRole("button", { name: "last step" }).click();
    assert.equal(await page.locator(".step.current").textContent(), "4wants chopstick_aphilosophers.c:11");
    await page.locator(".step").first().click();
    assert.equal(await count.textContent(), "Step 1 of 4");
    await page.keyboard.press("ArrowRight");
    assert.match(page.url(), /step=2/);
}));

test("the witness of a program that was lucky", () => visit("philosophers-lucky", async (page) => {
    assert.equal(await page.locator("figcaption").textContent(), "Who would wait for whom");
    await page.getByRole("button", { name: "last step" }).click();
    const states = await page.locator(".lock-states li").allTextContents();
    assert.equal(states.length, 3);
    for (const state of states) assert.match(state, /^chopstick_. is held by thread \d, wanted by thread \d$/);
}));

test("of many findings the first are listed", () => visit("many", async (page) => {
    assert.equal(await page.locator(".item").count(), 1000);
    assert.match(await page.locator(".list").textContent(), /4,000 findings more/);
    await page.keyboard.press("/");
    await page.keyboard.type("number 4321");
    assert.equal(await page.locator(".item").count(), 1);
}));

test("what is in the address is shown", async () => {
    let hash;
    await visit("predicted", async (page) => {
        await page.keyboard.press("j");
        assert.match(await page.locator("h2").first().textContent(), /pencil/);
        await page.keyboard.press("k");
        await page.keyboard.press("ArrowRight");
        hash = new URL(page.url()).hash;
    });
    await visit("predicted", async (page) => {
        assert.equal(await page.locator(".witness .count").textContent(), "Step 2 of 4");
    }, { hash });
    await visit("predicted", (page) => page.locator("div.order").waitFor(), { hash: "#view=order" });
    await visit("predicted", (page) => page.locator(".story").waitFor(), { hash: "#finding=%00&view=x&step=-9" });
});

test("findings are searched and filtered", () => visit("possible", async (page) => {
    const items = page.locator(".item");
    const all = await items.count();
    assert.ok(all > 3);
    await page.keyboard.press("/");
    await page.keyboard.type("data-race counter_3");
    assert.equal(await items.count(), 1);
    await page.keyboard.type(" no such word");
    assert.equal(await items.count(), 0);
    await page.keyboard.press("Escape");
    assert.equal(await items.count(), all);
    await page.getByLabel("possible").click();
    assert.equal(await items.count(), 1);
}));

test("findings of one cause are one family", () => visit("cousins", async (page) => {
    const family = page.locator(".family").first(), hidden = family.locator(".item").first();
    assert.match(await family.locator("summary").textContent(), /^\d+ more, most likely of the same cause$/);
    assert.ok(!(await hidden.isVisible()));
    await family.locator("summary").click();
    await hidden.click();
    assert.equal(await hidden.getAttribute("aria-current"), "true");
}));

test("what the source says is marked", () => visit("explained", async (page) => {
    const line = page.locator(".line.marked").first();
    assert.equal((await line.locator(".meant").allTextContents()).join(""), "shelf.jars[0]");
    assert.equal(await line.locator(".what").textContent(), "shelf::jars: int[3]");
}));

test("light, dark, and as the system has it", async () => {
    const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await visit("race", async (page) => {
        const light = await ground(page);
        await page.keyboard.press("d");
        const dark = await ground(page);
        assert.notEqual(light, dark);
        await page.getByRole("button", { name: "light or dark (d)" }).click();
        assert.equal(await ground(page), light);
    });
    await visit("race", async (page) => assert.equal(await ground(page), "rgb(20, 23, 27)"), { colorScheme: "dark" });
});

test("keys are told, and the tabs are tabs", () => visit("race", async (page) => {
    await page.keyboard.press("?");
    assert.ok(await page.getByRole("dialog", { name: "Keys" }).isVisible());
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.getByRole("tab", { name: "Findings" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("tab", { selected: true }).textContent(), "Timeline");
    assert.ok(await page.getByRole("tabpanel", { name: "Timeline" }).isVisible());
    // A report alone has no timeline: the page says how to get one.
    assert.match(await page.getByRole("tabpanel").textContent(), /snarl analyze --format=html/);
}));

test("on paper: all findings whole, light, and nothing else", () => visit("predicted", async (page) => {
    await page.emulateMedia({ media: "print" });
    await page.locator("#print .story").nth(2).waitFor();
    assert.equal(await page.locator("#print .story").count(), 3);
    assert.ok(!(await page.locator("#app").isVisible()));
    assert.ok(await page.locator("#print .stack").first().isVisible());
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
    const pdf = await page.pdf();
    assert.ok(pdf.length > 20000);
    await page.emulateMedia({ media: "screen" });
    await page.locator("#print .story").first().waitFor({ state: "detached" });
}, { colorScheme: "dark" }));

test("nothing was found", () => visit("nothing", async (page) => {
    assert.equal(await page.locator(".verdict").textContent(), "no findings");
    assert.match(await page.getByRole("tabpanel").textContent(), /No findings/);
    for (const key of ["2", "3", "4", "j", "ArrowRight"]) await page.keyboard.press(key);
}));

test("names of every evil sort are text", async () => {
    const names = readdirSync(`${build}/pages`).filter((name) => name.startsWith("hostile-"));
    assert.ok(names.length > 13);
    for (const name of names) {
        await visit(name.replace(".html", ""), async (page) => {
            assert.equal(await page.locator(".item").count(), 3);
            const elements = () => page.evaluate(() => [document.scripts.length,
                document.querySelectorAll("img, iframe, object, embed, link:not([rel=icon]), base, meta[http-equiv=refresh]").length,
                [...document.querySelectorAll("a")].filter((a) => !a.getAttribute("href").startsWith("#")).length,
                [...document.querySelectorAll("*")].filter((one) => one.getAttributeNames()
                    .some((attribute) => attribute.startsWith("on"))).length]);
            for (const key of ["j", "2", "3", "4", "1", "j", "ArrowRight"]) {
                await page.keyboard.press(key);
                assert.deepEqual(await elements(), [2, 0, 0, 0]);
            }
            const text = await page.evaluate(() => document.body.innerText);
            assert.ok(!/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u202a-\u202e]/.test(text), "control characters");
            const wide = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
            assert.ok(wide, "nothing runs out of the page");
            if (name === "hostile-0.html") assert.match(text, /<script>alert\('&quot;'\)<\/script>/);
        });
    }
});

test("on a narrow screen", () => visit("philosophers", async (page) => {
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    for (const key of ["2", "3", "4"]) {
        await page.keyboard.press(key);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `view ${key}`);
    }
}, { viewport: { width: 400, height: 800 } }));

test("served: the window is fetched as it is zoomed, and Perfetto gets the trace", () => visit("", async (page) => {
    await page.keyboard.press("2");
    const plot = page.locator(".plot"), status = page.locator(".timeline .bar .count");
    const loaded = (number) => page.locator(`.plot[data-loaded="${number}"]`).waitFor();
    await loaded(1);
    assert.match(await status.textContent(), /200,00\d lines of 200,00\d lines, 14 rows/);
    assert.ok(Object.keys(await colors(page, ".plot")).length > 5);
    await page.mouse.move(700, 300);
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -400);
    await loaded(2);
    // Zoomed in it is no smear any more: a hold of a few lines can be pointed at.
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 46);
    for (let x = 300; await page.locator(".tip").isHidden(); x += 7) {
        assert.ok(x < box.width, "nothing is drawn in the row of the first thread");
        await page.mouse.move(box.x + x, box.y + 46);
    }
    assert.match(await page.locator(".tip").textContent(), /holds L\d.*for [1-4] lines/s);
    await page.keyboard.press("0");
    await loaded(3);
    await page.keyboard.press("3");
    assert.match(await page.locator(".said").textContent(), /held/);
    const [other] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button", { name: /Perfetto/ }).click()]);
    await other.waitForFunction(() => document.title.includes("displayTimeUnit"));
}, { at: process.env.SERVED }));
