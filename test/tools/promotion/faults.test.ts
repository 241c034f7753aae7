// Each fault at each write of each scene: what the run then does, and that the next one ends where it should have ended.
// `npm test` looks at every ninth; all of them, and the table of docs/promotion.md:
// GITOPS_TEST_SWEEP=all npm test -- tools faults
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolError, UsageError } from "@gitops-actions/report";
import { afterAll, describe, expect, test } from "vitest";
import { faultKinds } from "../../github/server.ts";
import type { Hub } from "./hub.ts";
import { now, type Scene, scenes, setScene, stateOf, writes } from "./scene.ts";

const every = process.env.GITOPS_TEST_SWEEP === "all" ? 1 : 9;

/** How a run ended: `done` as if nothing had happened, `said` done but for something it names, `refused` a finding, `stopped` an error. */
type Outcome = "done" | "said" | "refused" | "stopped";

interface Fault {
  name: string;
  /** The write it happens at, as the table names it. */
  at: string;
  set(hub: Hub): void;
}

const rejections: Record<string, string> = {
  "push rejected": "exit 1",
  GH006: "echo 'error: GH006: Protected branch update failed' >&2; exit 1",
  GH013: "echo 'error: GH013: Repository rule violations found' >&2; exit 1",
};

/** Makes the remote reject its n-th push. */
function rejectPush({ where }: Hub, nth: number, how: string): void {
  const [count, hook] = [join(where.remote, "count"), join(where.remote, "hooks/pre-receive")];
  rmSync(count, { force: true });
  writeFileSync(
    hook,
    `#!/bin/sh\necho x >> '${count}'\nif [ "$(wc -l < '${count}')" -eq ${nth} ]; then ${how}; fi\n`,
  );
  chmodSync(hook, 0o755);
}

function healthy({ where, github }: Hub): void {
  github.faults = [];
  github.traps = [];
  rmSync(join(where.remote, "hooks/pre-receive"), { force: true });
}

/** What one run writes, in order: requests by what they are, and pushes. */
async function writesOf(scene: Scene): Promise<{ faults: Fault[]; state: object }> {
  const hub = await setScene(scene);
  rejectPush(hub, 0, ":");
  const before = hub.github.requests.length;
  await hub.run(scene.inputs, now);
  const requests = hub.github.requests.slice(before).filter((request) => writes.test(request));
  const pushes = countOf(hub);
  const faults: Fault[] = requests.flatMap((request, index) => {
    const at = request.replace("/repos/org/fleet", "").replace(/\d+/g, "N");
    const lasting: Fault = {
      name: "500 lasting",
      at,
      set: ({ github }) => github.faults.push({ when: writes, kind: "500", left: 99, skip: index }),
    };
    return [
      ...faultKinds.map(
        (kind): Fault => ({
          name: kind,
          at,
          set: ({ github }) => github.faults.push({ when: writes, kind, left: 1, skip: index }),
        }),
      ),
      lasting,
    ];
  });
  for (let nth = 1; nth <= pushes; nth++)
    for (const [name, how] of Object.entries(rejections))
      faults.push({ name, at: `push ${nth}`, set: (each) => rejectPush(each, nth, how) });
  return { faults, state: stateOf(hub) };
}

function countOf({ where }: Hub): number {
  const count = join(where.remote, "count");
  return existsSync(count) ? readFileSync(count, "utf8").split("\n").length - 1 : 0;
}

async function runWith(hub: Hub, scene: Scene, state: object, name: string): Promise<Outcome> {
  try {
    const { report, delivered } = await hub.run(scene.inputs, now);
    if (report.findings.some(({ severity }) => severity === "error")) return "refused";
    const waits = delivered.some(
      ({ delivery }) => delivery.kind === "pull" && delivery.merge?.state === "waits",
    );
    const said = report.findings.length > 0 || waits;
    if (!said) expect(stateOf(hub), `${name}: says that all is done`).toEqual(state);
    return said ? "said" : "done";
  } catch (error) {
    if (!(error instanceof Error) || error.name === "AssertionError") throw error;
    // What stops a run names what failed, or what the token lacks; it is never a bug of ours.
    expect(error instanceof ToolError || error instanceof UsageError, `${name}: ${error.stack}`).toBe(true);
    expect(error.message, name).toMatch(/GitHub|GET|POST|PATCH|PUT|GraphQL|push|remote/);
    return "stopped";
  }
}

function withoutLabels(state: object): object {
  return JSON.parse(JSON.stringify(state, (key, value) => (key === "labels" ? undefined : value))) as object;
}

describe("whatever goes wrong", () => {
  const table = new Map<string, Map<string, Outcome>>();
  let counted = 0;

  test.each(scenes)(
    "while it is to $name, the next run ends as if it had not",
    async (scene) => {
      const { faults, state } = await writesOf(scene);
      for (const fault of faults) {
        if (counted++ % every !== 0) continue;
        const name = `${scene.name}: ${fault.name} at ${fault.at}`;
        const hub = await setScene(scene);
        fault.set(hub);
        const outcome = await runWith(hub, scene, state, name);
        healthy(hub);
        await hub.run(scene.inputs, now);
        // A label is asked for when a pull request is opened; of one that is merged by then its lack was said.
        const unlabelled =
          outcome === "said" && scene.name.startsWith("merge") && fault.at.endsWith("/labels");
        const compared = (value: object) => (unlabelled ? withoutLabels(value) : value);
        expect(compared(stateOf(hub)), name).toEqual(compared(state));
        expect(hub.github.problems, name).toEqual([]);
        const row = `${scene.name} | ${fault.at}`;
        table.set(row, (table.get(row) ?? new Map()).set(fault.name, outcome));
      }
    },
    1_800_000,
  );

  afterAll(() => {
    if (every > 1) return;
    const kinds = [...new Set([...table.values()].flatMap((row) => [...row.keys()]))];
    console.log(`| to | at | ${kinds.join(" | ")} |\n|${" --- |".repeat(kinds.length + 2)}`);
    for (const [row, outcomes] of table)
      console.log(`| ${row} | ${kinds.map((kind) => outcomes.get(kind) ?? "").join(" | ")} |`);
  });
});

describe("while a run is under way", () => {
  const [open, update] = scenes;

  test("somebody deletes the branch of its pull request, which closes it: that is said, and stays so", async () => {
    const hub = await setScene(update!);
    hub.github.traps.push({
      when: /^PATCH .*\/pulls\/1$/,
      moment: "before",
      call: () =>
        void hub.where.space.git(
          hub.where.remote,
          "update-ref",
          "-d",
          "refs/heads/gitops/promote/staging/web",
        ),
    });
    await hub.run({}, now).catch(() => undefined);
    expect((await hub.run({}, now)).delivered).toMatchObject([{ delivery: { kind: "declined", number: 1 } }]);
    expect(hub.github.pulls).toHaveLength(1);
  });

  test("a person closes its pull request: it stays closed", async () => {
    const hub = await setScene(open!);
    await hub.run({}, now);
    hub.github.traps.push({
      when: /^GET .*\/pulls$/,
      moment: "before",
      call: () => {
        hub.github.pulls[0]!.state = "closed";
      },
    });
    await hub.run({}, now);
    expect(hub.github.pulls).toMatchObject([{ state: "closed" }]);
  });

  test("the default branch's file is edited by hand: what is proposed stands on it", async () => {
    const hub = await setScene(open!);
    hub.github.traps.push({
      when: /^POST .*\/pulls$/,
      moment: "before",
      call: () =>
        void hub.where.commit({
          "apps/web/overlays/staging/kustomization.yaml": "resources: [../../base]\n",
        }),
    });
    await hub.run({}, now).catch(() => undefined);
    await hub.run({}, now);
    expect(hub.github.pulls.filter((pull) => pull.state === "open").length).toBeLessThan(2);
  });
});
