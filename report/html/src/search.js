// SPDX-License-Identifier: Apache-2.0
// Every word must be somewhere in the text; case does not matter.

export function matcher(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return (text) => {
        const lower = text.toLowerCase();
        return words.every((word) => lower.includes(word));
    };
}

const stackWords = (stack) =>
    stack ? stack.frames.slice(stack.first, stack.end).map((f) => `${f.name} ${f.place}`) : [];

// All that a reader may look for in a finding.
export function wordsOf(finding) {
    return [
        finding.id, finding.kind, finding.level, finding.severity, finding.status, finding.title,
        ...finding.why, finding.variable?.name ?? "",
        ...finding.threads.map((thread) => thread.who),
        ...finding.locks.map((lock) => lock.name),
        ...finding.sites.flatMap((site) => [site.what, ...stackWords(site.stack)]),
    ].join("\n");
}
