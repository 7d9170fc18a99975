// SPDX-License-Identifier: Apache-2.0
// Who holds and who wants what behind each step of a witness, by the words of its steps
// (analyzer/prediction.c).

const TAKE = /^lock (.*?)( for reading)?$/s, GIVE = /^unlock (.*?)( for reading)?$/s;
const WANT = /^wants (?!to join )(.*?)( for reading)?$/s;

// For each step the locks named so far: [{lock, holders: [thread], wanted: [thread]}...].
export function replay(witness) {
    const locks = new Map();
    const of = (name) => {
        if (!locks.has(name)) locks.set(name, { holders: [], wanted: [] });
        return locks.get(name);
    };
    return witness.map(({ what, who }) => {
        const take = TAKE.exec(what), give = GIVE.exec(what), want = WANT.exec(what);
        if (take) of(take[1]).holders.push(who);
        else if (want) of(want[1]).wanted.push(who);
        else if (give) {
            const { holders } = of(give[1]), at = holders.lastIndexOf(who);
            if (at >= 0) holders.splice(at, 1);
        }
        return [...locks].map(([lock, { holders, wanted }]) =>
            ({ lock, holders: [...holders], wanted: [...wanted] }));
    });
}

// For each thread in the order of appearance the last step up to STEP that it did, or -1.
export function lastSteps(witness, step) {
    const last = new Map();
    for (const { who } of witness) last.set(who, -1);
    for (let i = 0; i <= step && i < witness.length; i++) last.set(witness[i].who, i);
    return last;
}
