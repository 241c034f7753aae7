// Measures against what teams run today: npm run bench [-- [policy|validate|promote] --overlays 1000] [--rounds 3] [--touch 3]
//
// Contestants take turns in each round of one run, so that whatever else the machine does meets all of them. What
// counts are the ratios; docs/performance.md keeps them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles } from "../build.ts";
import { contestants } from "./contestants.ts";
import { makeFleet } from "./fleet.ts";
import { policyContestants } from "./policy.ts";
import { racePromotion } from "./promote.ts";
import { race } from "./race.ts";
import { raceValidation } from "./validate.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    overlays: { type: "string", default: "100,1000" },
    touch: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    // policy: of how many overlays a loop is run, where it takes long; its time is scaled up.
    sample: { type: "string", default: "100" },
  },
});

await buildBundles((line) => console.error(line));
const temporary = mkdtempSync(join(tmpdir(), "gitops-bench-"));
try {
  const counts = numbers(values.overlays);
  const isValidate = positionals[0] === "validate";
  if (isValidate) await raceValidation(temporary, counts, Number(values.rounds));
  const isPromote = positionals[0] === "promote";
  if (isPromote) await racePromotion(temporary, 1000, [2500, 5000, 10_000], Number(values.rounds));
  for (const count of isValidate || isPromote ? [] : counts) {
    if (positionals[0] === "policy") {
      for (const group of policyContestants(count, Number(values.sample), join(temporary, `policy-${count}`)))
        await race(`${count} overlays, ${group[0]!.group}`, group, Number(values.rounds));
      continue;
    }
    for (const touch of numbers(values.touch)) {
      const fleet = makeFleet(join(temporary, `fleet-${count}-${touch}`), count, touch);
      await race(`${count} overlays, ${touch} touched`, contestants(fleet, temporary), Number(values.rounds));
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}
