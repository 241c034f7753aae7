import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { JsonObject } from "@gitops-actions/manifest";
import type { Report } from "@gitops-actions/report";
import { beforeAll, describe, expect, test } from "vitest";
import { findTool } from "../setup/tools.ts";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn } from "../tools/policy/stage.ts";
import { type GatekeeperCase, readGatekeeperCases } from "./cases/gatekeeper.ts";

const cases = readGatekeeperCases();
const stream = (objects: readonly unknown[]): string =>
  objects.map((each) => JSON.stringify(each)).join("\n---\n");

let gator: string;
beforeAll(async () => {
  gator = await findTool("gator");
});

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, one) => {
  test("gator", () => {
    expect(askGator(one)).toEqual(one.expect);
  });

  test("policy-check", async () => {
    const report = await check(one);
    expect(violationsIn(report, one)).toEqual(one.ours.map(withoutTrial).sort());
    const unknown = [...report.failed, ...(report.engines ?? []).flatMap(({ notEvaluated }) => notEvaluated)];
    expect(unknown.length > 0, JSON.stringify(unknown)).toBe(one.isUnknown);
    if (one.isUnknown) expect(report.verdict).toBe("incomplete");
  });
});

test("there are more than thirty cases, and a third of them violate something", () => {
  expect(cases.length).toBeGreaterThan(30);
  expect(cases.filter((one) => one.expect.length > 0).length * 3).toBeGreaterThan(cases.length);
});

/** A trial run is a warning here. */
function withoutTrial(line: string): string {
  return line.replace(/^(\S+ \S+) dryrun:/, "$1 warn:");
}

async function check(one: GatekeeperCase): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, {
    "policies/all.yaml": stream(one.policies),
    "manifests/all.yaml": stream(one.objects),
  });
  return await checkIn(machine, {});
}

function violationsIn(report: Report, one: GatekeeperCase): string[] {
  const kinds = new Map(
    one.policies.map(({ kind, metadata }) => [`${kind}/${(metadata as { name: string }).name}`, true]),
  );
  return report.findings
    .filter(({ rule }) => kinds.has(rule.replace("gatekeeper/", "")))
    .map(
      ({ rule, resource, severity, message }) =>
        `${rule.split("/")[2]} ${resource?.name} ${severity === "error" ? "deny" : "warn"}: ${message}`,
    )
    .sort();
}

interface Raw {
  msg: string;
  enforcementAction: string;
  scopedEnforcementActions?: string[];
  constraint: {
    metadata: { name: string };
    spec: { scopedEnforcementActions?: { action: string }[] };
  };
  violatingObject: JsonObject & { metadata: { name: string } };
}

/** What the program itself says, without anything of ours between. */
function askGator(one: GatekeeperCase): string[] {
  const machine = makeMachine();
  write(machine.folder, { "all.yaml": stream([...one.policies, ...one.objects]) });
  const file = join(machine.folder, "all.yaml");
  const { stdout, stderr } = spawnSync(gator, ["test", "-o", "json", "-f", file], { encoding: "utf8" });
  if (stdout.trim() === "") throw new Error(stderr);
  const names = new Set(one.objects.map(({ metadata }) => (metadata as { name: string }).name));
  return (
    ((JSON.parse(stdout) as Raw[] | null) ?? [])
      // gator looks at policies too; those are not what a fleet renders.
      .filter(
        ({ violatingObject: { apiVersion, metadata } }) =>
          names.has(metadata.name) && !String(apiVersion).includes("gatekeeper.sh"),
      )
      .filter(({ violatingObject }) => violatingObject.kind !== "Namespace")
      .map(({ msg, enforcementAction, scopedEnforcementActions: scoped, constraint, violatingObject }) => {
        const listed = constraint.spec.scopedEnforcementActions?.map(({ action }) => action);
        const action = (scoped ?? listed)?.[0] ?? enforcementAction;
        return `${constraint.metadata.name} ${violatingObject.metadata.name} ${action}: ${msg}`;
      })
      .sort()
  );
}
