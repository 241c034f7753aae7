import type { Report } from "@gitops-actions/report";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../../scripts/servers/control-plane.ts";
import { makeMachine, write } from "../tools/engine/machine.ts";
import { checkIn } from "../tools/policy/stage.ts";
import { type AdmissionCase, limitDefinition, readAdmissionCases } from "./cases/admission.ts";
import { askServer, install } from "./cases/server.ts";

const cases = readAdmissionCases();
const stream = (objects: readonly unknown[]): string =>
  objects.map((each) => JSON.stringify(each)).join("\n---\n");

describe("an API server's admission", () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
    await install(plane, [limitDefinition]);
    // Before any policy is there that would refuse them.
    await install(
      plane,
      cases.flatMap(({ namespaces, params }) => [...namespaces, ...params]),
    );
  });
  afterAll(() => plane?.stop());

  test.each(cases.map((each) => [each.name, each] as const))("%s", async (_, one) => {
    const { verdicts, refused } = await askServer(plane, one);
    expect(refused ?? "", "what the server refuses").toContain(one.refused ?? "");
    expect(refused === undefined).toBe(one.refused === undefined);
    expect(Object.keys(verdicts)).toEqual(Object.keys(one.expect));
    for (const [name, verdict] of Object.entries(verdicts))
      expect(`${name}: ${verdict}`).toMatch(exactly(name, one.expect[name]!));
  });
});

/** `deny` alone stands for every message. */
function exactly(name: string, verdict: string): RegExp {
  const text = `${name}: ${verdict}`.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(verdict === "deny" ? `^${text} ` : `^${text}$`);
}

describe("policy-check", () => {
  // Some at a time, as in a fleet: namespaces keep the cases apart.
  const size = 7;
  const checked: Promise<Report>[] = [];

  test.each(cases.map((each) => [each.name, each] as const))("%s", async (_, one) => {
    const part = Math.floor(cases.indexOf(one) / size);
    checked[part] ??= checkAll(cases.slice(part * size, (part + 1) * size));
    const report = await checked[part];
    for (const [name, expected] of Object.entries(one.offline))
      expect({ [name]: verdictsOf(report, one, name) }).toEqual({
        [name]: expected.map((each) => expect.stringMatching(exactly("", each).source.replace("^: ", "^"))),
      });
    if (one.about !== undefined) expect(countOf(report, one)?.matched ?? 0).toBe(one.about);
  });

  test("there are more than thirty cases, and a third of them deny", () => {
    const denying = cases.filter((one) =>
      Object.values(one.expect).some((verdict) => verdict.startsWith("deny")),
    );
    expect(cases.length).toBeGreaterThan(30);
    expect(denying.length * 3).toBeGreaterThan(cases.length);
  });

  test("nothing that a server denies passes here", () => {
    for (const one of cases) {
      for (const [name, verdict] of Object.entries(one.expect))
        if (verdict.startsWith("deny"))
          expect(one.offline[name], `${one.name}: ${name}`).not.toContain("pass");
    }
  });
});

async function checkAll(all: readonly AdmissionCase[]): Promise<Report> {
  const machine = makeMachine();
  write(machine.folder, { "policies/definition.yaml": stream([limitDefinition]) });
  for (const one of all) {
    write(machine.folder, {
      [`policies/${one.id}.yaml`]: stream([one.policy, ...one.bindings, ...one.params]),
      [`manifests/${one.id}.yaml`]: stream([...one.namespaces, ...one.resources]),
    });
  }
  return await checkIn(machine, {});
}

function countOf(report: Report, { id }: AdmissionCase) {
  return report.engines?.find((each) => each.name === "vap" && each.policy === id);
}

/** What the report says of a resource: what was found, else whether anything of the policy was not evaluated. */
function verdictsOf(report: Report, one: AdmissionCase, name: string): string[] {
  const found = report.findings
    .filter(
      ({ rule, resource }) =>
        rule.startsWith(`vap/${one.id}/`) && resource?.name === name && isOwn(resource.namespace, one),
    )
    .map(({ severity, message }) => `${severity === "error" ? "deny" : "warn"} ${message}`);
  if (found.length > 0) return found;
  const listed = [...report.failed, ...report.skipped].filter(
    ({ id, message }) => (id === one.id || id.startsWith(`${one.id}/`)) && message.includes(name),
  );
  const whole = [...report.failed, ...report.skipped].filter(({ id }) =>
    id.startsWith(`policies/${one.id}.yaml`),
  );
  const unknown = countOf(report, one)?.notEvaluated ?? [];
  return listed.length + whole.length + unknown.length > 0 ? ["not evaluated"] : ["pass"];
}

function isOwn(namespace: string, { namespaces }: AdmissionCase): boolean {
  return (
    namespace === "" || namespaces.some(({ metadata }) => (metadata as { name: string }).name === namespace)
  );
}
