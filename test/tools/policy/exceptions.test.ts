// Exceptions on the command line, from the file to the exit status.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { describe, expect, test } from "vitest";
import { cli } from "../../../packages/cli/src/cli.ts";
import { git } from "../../e2e/fleet.ts";
import { makeMachine, write } from "../engine/machine.ts";

const deployment = (name: string) => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\n`;
const exception = (rule: string, name: string, expires: string) =>
  `  - {rule: "${rule}", resource: {name: ${name}}, owner: team-shop, reason: The vendor is asked., expires: ${expires}}\n`;

/** A repository on 24 November 2026, and a way to run commands in it. */
function stage(files: Record<string, string>) {
  const machine = makeMachine();
  const folder = join(machine.folder, "fleet");
  mkdirSync(folder);
  write(folder, files);
  git(folder, "init", "--quiet", "--initial-branch=main");
  git(folder, "add", ".");
  git(folder, "commit", "--quiet", "--message", "fleet");
  const host = {
    ...{ ...machine, cwd: folder, cacheDir: userCacheDir(process.env), isTerminal: false },
    now: () => new Date("2026-11-24T12:00:00Z"),
  };
  return async (...args: string[]) => {
    const said = { out: "", err: "" };
    const streams = {
      stdout: { write: (text: string) => (said.out += text) },
      stderr: { write: (text: string) => (said.err += text) },
    };
    const status = await cli(args, host, streams, new AbortController().signal);
    return { status, ...said };
  };
}

describe("gitops exceptions", () => {
  test("lists each with the days that are left, the soonest first, and where it stands", async () => {
    const run = stage({
      ".gitops/exceptions.yaml": `exceptions:\n${exception("conftest/main/deny", "web", "2027-01-31")}${exception("kyverno/*", "db", "2026-12-04")}`,
    });
    const { status, out } = await run("exceptions");
    expect(status).toBe(0);
    expect(out).toBe(
      `kyverno/* (name db)
  10 days left, until 2026-12-04
  team-shop: The vendor is asked.
  .gitops/exceptions.yaml:3
conftest/main/deny (name web)
  68 days left, until 2027-01-31
  team-shop: The vendor is asked.
  .gitops/exceptions.yaml:2
`,
    );
    const json = JSON.parse((await run("exceptions", "--json")).out) as { rule: string; daysLeft: number }[];
    expect(json.map(({ rule, daysLeft }) => `${rule} ${daysLeft}`)).toEqual([
      "kyverno/* 10",
      "conftest/main/deny 68",
    ]);
  });

  test("fails when one is over, and says so of a repository that has none", async () => {
    const over = stage({
      ".gitops/exceptions.yaml": `exceptions:\n${exception("a/*", "web", "2026-11-23")}`,
    });
    expect(await over("exceptions")).toMatchObject({
      status: 1,
      out: expect.stringContaining("over since 2026-11-23"),
    });
    const none = stage({ "README.md": "x" });
    expect(await none("exceptions")).toMatchObject({
      status: 0,
      out: expect.stringContaining("There are no exceptions"),
    });
  });
});

describe("gitops policy", () => {
  const policy = 'package main\ndeny contains "no" if input.kind == "Deployment"\n';

  test("waives what is excepted, fails for what is over, and names what nothing needs", async () => {
    const run = stage({
      "policy/a.rego": policy,
      "manifests/all.yaml": [deployment("web"), deployment("db")].join("---\n"),
      ".gitops/exceptions.yaml": `exceptions:\n${exception("conftest/main/deny", "web", "2027-01-31")}${exception("conftest/main/deny", "db", "2026-11-01")}${exception("conftest/main/deny", "gone", "2027-01-31")}`,
    });
    const { status, out } = await run("policy", ".", "--manifests", "manifests", "--json");
    expect(status).toBe(1);
    const [report] = [JSON.parse(out)].flat() as [
      {
        findings: { rule: string; fingerprint: string; resource?: { name: string }; message: string }[];
        waived: { fingerprint: string; owner: string }[];
      },
    ];
    const waived = new Set(report.waived.map(({ fingerprint }) => fingerprint));
    expect(
      report.findings
        .map(
          (each) =>
            `${each.rule} ${each.resource?.name ?? each.message}${waived.has(each.fingerprint) ? " waived" : ""}`,
        )
        .sort(),
    ).toEqual([
      "conftest/main/deny db",
      "conftest/main/deny web waived",
      "exceptions/expired the exception from conftest/main/deny ended on 2026-11-01 (23 days ago)",
      "exceptions/unused the exception from conftest/main/deny excepts nothing",
    ]);
    expect(report.waived.map(({ owner }) => owner)).toEqual(["team-shop"]);
  });

  test("locates what an exception for one overlay leaves where it stands, and names what it waives", async () => {
    const run = stage({
      "policy/a.rego": policy,
      "apps/web/dev/web.yaml": deployment("web"),
      "apps/web/dev/kustomization.yaml": "resources: [web.yaml]\n",
      "apps/web/prod/web.yaml": deployment("web"),
      "apps/web/prod/kustomization.yaml": "resources: [web.yaml]\n",
      ".gitops/exceptions.yaml":
        'exceptions:\n  - {rule: "conftest/*", overlays: [apps/web/dev], owner: team-shop, reason: It is new., expires: 2027-01-31}\n',
    });
    const { out } = await run("policy", ".");
    expect(out).toContain("error conftest/main/deny apps/web/prod/web.yaml:1");
    expect(out).toContain(
      "note waived in apps/web/dev only: conftest/main/deny Deployment web: It is new. (team-shop, until 2027-01-31)\n",
    );
    expect(out).not.toContain("apps/web/dev/web.yaml");
    expect(out).toMatch(/policy-check: 1 error\. 2 overlays/);
  });

  test("counts the policies' own exceptions apart", async () => {
    const run = stage({
      "policy/a.rego": `${policy.replace("deny", "deny_all")}exception contains ["all"] if input.metadata.name == "web"\n`,
      "manifests/all.yaml": deployment("web"),
    });
    const { status, out } = await run("policy", ".", "--manifests", "manifests");
    expect(status).toBe(0);
    expect(out).toContain("once an exception of the policies themselves applied: ");
  });
});
