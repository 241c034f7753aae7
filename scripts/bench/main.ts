// Measures against what teams run today: npm run bench [-- --overlays 1000] [--rounds 3] [--touch 3]
//
// Contestants take turns in each round of one run, so that whatever else the machine does meets all of them. What
// counts are the ratios; docs/performance.md keeps them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles } from "../build.ts";
import { type Contestant, contestants } from "./contestants.ts";
import { makeFleet } from "./fleet.ts";
import { type Measure, measure } from "./measure.ts";

const { values } = parseArgs({
  options: {
    overlays: { type: "string", default: "100,1000" },
    touch: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
  },
});

await buildBundles((line) => console.error(line));
const temporary = mkdtempSync(join(tmpdir(), "gitops-bench-"));
try {
  for (const count of numbers(values.overlays)) {
    for (const touch of numbers(values.touch)) await race(count, touch, Number(values.rounds));
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}

async function race(count: number, touch: number, rounds: number): Promise<void> {
  const fleet = makeFleet(join(temporary, `fleet-${count}-${touch}`), count, touch);
  const field = contestants(fleet, temporary);
  const results = new Map<Contestant, Measure[]>(field.map((each) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of field) {
      process.stderr.write(`${count} overlays, ${touch} touched, round ${round + 1}: ${contestant.name}\n`);
      results.get(contestant)!.push(await measure(contestant));
    }
  }
  console.log(`\n### ${count} overlays, ${touch} touched (${rounds} rounds, medians)\n`);
  console.log(
    "| what | seconds | peak memory of the process, MiB | how many times as long the others take |\n| --- | --- | --- | --- |",
  );
  for (const [contestant, measures] of results) {
    const seconds = median(measures.map((each) => each.seconds));
    const memory = median(measures.map((each) => each.peakMebibytes));
    const ratios = [...results].flatMap(([other, theirs]) =>
      other.group === contestant.group && other !== contestant
        ? [`${other.name}: ${(median(theirs.map((each) => each.seconds)) / seconds).toFixed(2)}`]
        : [],
    );
    console.log(
      `| ${contestant.name} | ${seconds.toFixed(2)} | ${memory.toFixed(0)} | ${ratios.join("; ")} |`,
    );
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
