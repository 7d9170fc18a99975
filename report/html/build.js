// SPDX-License-Identifier: Apache-2.0
// The page as one file: node build.js OUTPUT, where npm has put its parts (node_modules). Its only
// script and its only style are named by their hashes in the Content-Security-Policy, so that
// nothing that a report holds can run.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2];
const { build } = createRequire(join(process.cwd(), "package.json"))("esbuild");

async function bundle(entry) {
    const made = await build({
        entryPoints: [join(here, "src", entry)],
        bundle: true,
        nodePaths: [join(process.cwd(), "node_modules")],
        minify: true,
        format: "iife",
        target: "es2022",
        charset: "ascii",
        legalComments: "none",
        write: false,
    });
    // A library may have control characters in its strings: not all that reads a page likes them.
    return made.outputFiles[0].text.trim().replace(/[\0-\x08\x0b-\x1f\x7f]/g,
        (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const script = await bundle("main.js");
const style = await bundle("style.css");
if (/<\/(script|style)/i.test(script + style)) throw new Error("an end tag in the script or style");

// What their licences ask for: that they come along with what is made of it.
const packages = ["@dagrejs/dagre", "@dagrejs/graphlib", "highlight.js"];
const licences = packages.map((name) =>
    `${name}\n\n${readFileSync(join("node_modules", name, "LICENSE"), "utf8").trim()}`)
    .join("\n\n").replace(/--+/g, "-").replace(/[<>]/g, "");

const parts = {
    "@LICENCES@": licences,
    "@SCRIPT_HASH@": hash(script),
    "@STYLE_HASH@": hash(style),
    "@SCRIPT@": script,
    "@STYLE@": style,
};
const page = readFileSync(join(here, "src/page.html"), "utf8");
writeFileSync(output, page.replace(/@(LICENCES|(SCRIPT|STYLE)(_HASH)?)@/g, (mark) => parts[mark]));
