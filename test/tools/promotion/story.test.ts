// The worked story of docs/promotion.md, lived through: a version enters, soaks, meets a freeze and a failed check, is
// rolled back and held, and the next one goes on. What is printed there is what came out here.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PromoteInputs } from "@gitops-actions/promote-env";
import { expect, test } from "vitest";
import { root } from "../../contract/source.ts";
import { type Hub, hub } from "./hub.ts";
import { fleet, overlay } from "./world.ts";

const gates = `version: 1
environments:
  - dev
  - {name: staging, from: dev}
  - {name: prod, from: staging}
overlays: ["apps/{app}/overlays/{environment}"]
promotion:
  gates:
    prod:
      soak: 24h
      checks: [argocd/web]
      freezes:
        - {from: 2026-02-02T00:00:00Z, until: 2026-02-04T00:00:00Z, reason: the sale}
`;

const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;

/** Does what the story says, and writes down what comes of it. */
function tellerOf({ github, where, run }: Hub) {
  const lines: string[] = [];
  const tell = (at: string, head: string, more: string[] = []) => {
    const when = new Date(at).toISOString().slice(5, 16).replace("T", " ");
    lines.push(`${when}  ${head}`, ...more.map((line) => `             ${line}`));
  };
  return {
    lines,
    happens: (at: string, what: string) => tell(at, `(${what})`),
    async does(at: string, command: string, inputs: Partial<PromoteInputs>) {
      const tip = () => where.space.git(where.remote, "rev-parse", "main");
      const before = tip();
      github.clock = () => at;
      // Rendering is what takes the time, and only a rollback's answer tells of it.
      const prove = inputs.operation === "rollback";
      const given = { apps: [], environments: [], prove, owner: "ann", ...inputs };
      const { report, board } = await run(given, at);
      if (tip() !== before) github.pushes.push({ before, after: tip(), ref: "refs/heads/main", at });
      const said = report.notes.map((note) =>
        note.replace(/written as \w{7}/, "written").replace(/ \(https:\S+\)/, ""),
      );
      const prod = board.find((row) => row.environment === "prod")?.next;
      const waits = prod && !prod.open ? [`prod waits for ${prod.moves.join(", ")}: ${prod.because}`] : [];
      tell(at, `$ gitops ${command}`, [...said, ...waits]);
    },
  };
}

test("the story in the documentation is what happens", { timeout: 300_000 }, async () => {
  const story = await hub(gates, true, {
    ...fleet(gates),
    [file("dev")]: overlay("1.3.0"),
    [file("staging")]: overlay("1.3.0"),
    [file("prod")]: overlay("1.3.0"),
  });
  const { github, where, merge } = story;
  const teller = tellerOf(story);
  const check = (state: "success" | "failure", at: string) => {
    const sha = where.space.git(where.remote, "rev-parse", "main");
    github.statuses.push({ sha, context: "argocd/web", state, at });
    teller.happens(at, `argocd/web: ${state} on the tip of main`);
  };
  const promote = (at: string) => teller.does(at, "promote", { operation: "promote" });
  const merged = (at: string, number: number) => {
    merge(number, at);
    teller.happens(at, `#${number} is merged`);
  };
  const one = (environment: string) => ({ apps: ["web"], environments: [environment] });

  await teller.does("2026-02-01T09:00:00Z", "set --app web -e dev --tag 1.4.0 --strategy direct", {
    operation: "set",
    ...one("dev"),
    tag: "1.4.0",
    strategy: "direct",
  });
  await promote("2026-02-01T09:10:00Z");
  merged("2026-02-01T10:00:00Z", 1);
  check("success", "2026-02-01T10:05:00Z");
  await promote("2026-02-01T13:00:00Z");
  await promote("2026-02-02T10:30:00Z");
  await promote("2026-02-04T08:00:00Z");
  check("failure", "2026-02-04T08:05:00Z");
  await promote("2026-02-04T08:10:00Z");
  expect(github.pulls[1]).toMatchObject({
    state: "closed",
    comments: [expect.stringContaining("A gate has closed")],
  });
  check("success", "2026-02-04T09:00:00Z");
  await promote("2026-02-04T09:10:00Z");
  merged("2026-02-04T09:30:00Z", 3);
  expect(where.show(file("prod"))).toBe(overlay("1.4.0"));
  await teller.does(
    "2026-02-04T11:00:00Z",
    'rollback --app web -e prod --reason "500s on checkout" --strategy direct',
    { operation: "rollback", ...one("prod"), reason: "500s on checkout", strategy: "direct" },
  );
  expect(where.show(file("prod"))).toBe(overlay("1.3.0"));
  await promote("2026-02-04T11:10:00Z");
  await teller.does("2026-02-04T15:00:00Z", "set --app web -e dev --tag 1.4.1 --strategy direct", {
    operation: "set",
    ...one("dev"),
    tag: "1.4.1",
    strategy: "direct",
  });
  await promote("2026-02-04T15:10:00Z");
  merged("2026-02-04T15:30:00Z", 4);
  check("success", "2026-02-04T15:40:00Z");
  await promote("2026-02-05T16:00:00Z");
  await teller.does("2026-02-05T16:05:00Z", "resume --app web -e prod --strategy direct", {
    operation: "resume",
    ...one("prod"),
    strategy: "direct",
  });
  await promote("2026-02-05T16:10:00Z");
  merged("2026-02-05T16:30:00Z", 5);
  expect(where.show(file("prod"))).toBe(overlay("1.4.1"));
  expect(where.show(".gitops/holds.yaml")).toContain("holds: []");
  expect(github.problems).toEqual([]);

  const path = join(root, "docs/promotion.md");
  const document = readFileSync(path, "utf8");
  const told = `${teller.lines.join("\n")}\n`;
  const pattern = /(<!-- story -->\n```text\n)([\s\S]*?)(```\n<!-- \/story -->)/;
  // UPDATE_DOCS=1 writes what happened into the document.
  if (process.env.UPDATE_DOCS === "1")
    writeFileSync(
      path,
      document.replace(pattern, (_, begin: string, __, end: string) => begin + told + end),
    );
  else expect(pattern.exec(document)?.[2]).toBe(told);
});
