import { type Measure, measure, type Runnable } from "./measure.ts";

/** One way to do a piece of work. Those of one group do the same work. */
export interface Racer extends Runnable {
  name: string;
  group: string;
  /** How many times the work of one start the group's work is: a loop of which only a part was run. */
  times?: number;
}

/** Lets all take turns, round after round, and prints a table of medians and ratios. */
export async function race(title: string, field: readonly Racer[], rounds: number): Promise<void> {
  const results = new Map<Racer, Measure[]>(field.map((each) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const racer of field) {
      process.stderr.write(`${title}, round ${round + 1}: ${racer.name}\n`);
      results.get(racer)!.push(await measure(racer));
    }
  }
  console.log(`\n### ${title} (${rounds} rounds, medians)\n`);
  console.log(
    "| what | seconds | peak memory of the process, MiB | how many times as long the others take |",
  );
  console.log("| --- | --- | --- | --- |");
  const secondsOf = (racer: Racer): number =>
    median(results.get(racer)!.map((each) => each.seconds)) * (racer.times ?? 1);
  for (const [racer, measures] of results) {
    const seconds = secondsOf(racer);
    const memory = median(measures.map((each) => each.peakMebibytes));
    const ratios = [...results.keys()].flatMap((other) =>
      other.group === racer.group && other !== racer
        ? [`${other.name}: ${(secondsOf(other) / seconds).toFixed(2)}`]
        : [],
    );
    console.log(`| ${racer.name} | ${seconds.toFixed(2)} | ${memory.toFixed(0)} | ${ratios.join("; ")} |`);
  }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
