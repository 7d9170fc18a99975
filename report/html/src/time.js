// SPDX-License-Identifier: Apache-2.0
// Times in the words of people. They are nanoseconds, or lines of a trace that has no clock.

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

export function duration(value, timeless) {
    if (timeless) return `${Math.round(value).toLocaleString("en")} lines`;
    const [size, unit] = UNITS.find(([one]) => Math.abs(value) >= one) ?? UNITS[3];
    const number = value / size;
    const digits = unit === "ns" ? 0 : Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
    return `${number.toFixed(digits)} ${unit}`;
}

// A point in time, as exactly as a step of STEP makes sense.
export function moment(value, step, timeless) {
    if (timeless) return `line ${Math.round(value).toLocaleString("en")}`;
    const [size, unit] = UNITS.find(([one]) => value >= one) ?? [1e6, "ms"];
    const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / size) - 1e-9)));
    return `${(value / size).toFixed(digits)} ${unit}`;
}

// The smallest step of 1, 2 or 5 times a power of ten that is no less than LEAST.
export function roundStep(least) {
    const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)));
    return [1, 2, 5, 10].map((one) => one * power).find((step) => step >= least * 0.999);
}
