import { expect, test } from "vitest";
import { parseGroup, parsePs, parseResident } from "../../../packages/engine/src/memory.ts";

test("/proc/PID/status", () => {
  expect(
    parseResident(
      "Name:\tkustomize\nVmPeak:\t 1262108 kB\nVmHWM:\t   70000 kB\nVmRSS:\t   52344 kB\nRssAnon:\t 1 kB\n",
    ),
  ).toBe(52344);
  expect(parseResident("Name:\tzombie\nState:\tZ (zombie)\n")).toBe(0);
  expect(parseResident("")).toBe(0);
});

test("/proc/PID/stat, with a name that tries to be something else", () => {
  expect(parseGroup("4242 (sh) S 4200 4242 4100 34816 4242 4194304 120")).toBe(4242);
  expect(parseGroup("17 (a) R 1 99 (b) c) S 4200 4242 4100 0")).toBe(4242);
  expect(parseGroup("")).toBeNaN();
});

test("ps -axo pgid=,rss=", () => {
  const output = "    1   1024\n  420  10240\n  420    512\n 4200 999999\n";
  expect(parsePs(output, 420)).toBe(10752 * 1024);
  expect(parsePs(output, 7)).toBe(0);
});
