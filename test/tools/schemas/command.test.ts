// What `gitops validate` and `gitops policy` render for themselves: what of it was left out is said there.
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import type { Report } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { cli } from "../../../packages/cli/src/cli.ts";
import { write } from "../engine/machine.ts";
import { scratch } from "../git/scratch.ts";
import { config, definition, lines, thing } from "./validation.ts";

type Files = Record<string, string>;

/** A repository whose second commit adds files, and links by where they lead. */
function repository(base: Files, added: Files = {}, links: Files = {}) {
  const space = scratch();
  const cwd = space.repository("fleet", base);
  write(cwd, added);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(join(cwd, path, ".."), { recursive: true });
    symlinkSync(target, join(cwd, path));
  }
  const git = (...args: string[]) => execFileSync("git", args, { cwd, stdio: "pipe" });
  git("add", "-A");
  git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--allow-empty", "-qm", "more");
  const host = {
    ...space.machine,
    cacheDir: userCacheDir(process.env),
    cwd,
    now: () => new Date(0),
    isTerminal: false,
  };
  let runs = 0;
  return async (...args: string[]): Promise<{ status: number; out: string }> => {
    const tempDir = join(host.tempDir, String(runs++));
    mkdirSync(tempDir, { recursive: true, mode: 0o700 });
    let out = "";
    const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: () => {} } };
    return { status: await cli(args, { ...host, tempDir }, streams, new AbortController().signal), out };
  };
}

const plain = { "plain/prod/cm.yaml": config("p", "data: {a: b}\n") };
const rego = { "policy/a.rego": 'package main\ndeny contains "no" if { input.kind == "Nothing" }\n' };

test.each(["validate", "policy"])("gitops %s names what rendering left out", async (command) => {
  const gitops = repository(
    { ...plain, ...rego },
    {
      "other/q.yaml.txt": config("q"),
      ".argo/prod/cm.yaml": config("z", "foo: 1\n"),
      "plain/prod/bad.YAML": config("z", "foo: 1\n"),
    },
    { "apps/ln/prod/q.yaml": "../../../other/q.yaml.txt" },
  );
  const { status, out } = await gitops(command, "--base", "HEAD~1");
  expect(status, out).toBe(0);
  expect(out).toContain("skipped path apps/ln/prod/q.yaml: a link to other/q.yaml.txt");
  expect(out).toContain("skipped path .argo/prod: cm.yaml lies in a hidden folder");
  expect(out).toContain("skipped path plain/prod/bad.YAML: holds objects, and is not looked at");
  const { out: json } = await gitops(command, "--base", "HEAD~1", "--json");
  expect(JSON.parse(json).skipped).toContainEqual(expect.objectContaining({ code: "misnamed" }));
});

test.each(["validate", "policy"])(
  "gitops %s says that a change takes something out of sight",
  async (command) => {
    const more = { "apps/a.yaml": config("a") };
    const gitops = repository(
      { ...plain, ...rego, ...more },
      { "gitops.yaml": "version: 1\nignore: [plain/**]\n" },
    );
    const { out } = await gitops(command, "--base", "HEAD~1");
    expect(out).toContain("warning render/no-longer-checked gitops.yaml:2");
  },
);

test("two definitions of a kind are told once, with both places", async () => {
  const crd = (type: string) => definition(type).trimStart();
  const gitops = repository(
    { ...plain, "x1/a.yaml": crd("string"), "x1/b.yaml": crd("integer") },
    { "x2/t.yaml": thing("1") },
  );
  const { out } = await gitops("validate", "--json");
  const told = JSON.parse(out).findings.filter(({ rule }: { rule: string }) =>
    rule.endsWith("conflicting-definition"),
  );
  expect(
    told.map(
      ({ message, location }: { message: string; location: { path: string } }) =>
        `${location.path} ${message}`,
    ),
  ).toEqual(["x1/b.yaml defined differently in x1/a.yaml and in x1/b.yaml; the latter is used"]);
});

describe("what of a chart rendering leaves out", () => {
  const chart = { "charts/api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 0.1.0\n" };
  const template = { "charts/api/templates/a.yaml": config("a") };

  test("definitions in crds/, which Helm installs as they are, are validated once, in their file", async () => {
    const crd = (more: string) => definition("string").trimStart().replace("spec:\n", `spec:\n${more}`);
    const values = { "charts/api/values-dev.yaml": "a: 1\n", "charts/api/values-prod.yaml": "a: 2\n" };
    const base = { ...chart, ...template, ...values, "charts/api/crds/old.yaml": config("z", "fo: 1\n") };
    const gitops = repository(base, {
      "charts/api/crds/crd.yaml": crd("  foo: 1\n"),
      "charts/api/charts/sub/crds/cm.yaml": config("s", "fooo: 1\n"),
      "charts/api/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
    });
    const { status, out } = await gitops("validate", "--base", "HEAD~1", "--json");
    expect(status).toBe(1);
    const report = JSON.parse(out) as Report;
    expect(lines(report)).toEqual([
      "error unknown-field charts/api/charts/sub/crds/cm.yaml:5 /fooo: unknown field fooo [charts/api/charts/sub/crds/cm.yaml new]",
      "error unknown-field charts/api/crds/crd.yaml:5 /spec/foo: unknown field foo [charts/api/crds/crd.yaml new]",
      "error unknown-field charts/api/crds/old.yaml:5 /fo: unknown field fo [charts/api/crds/old.yaml existing]",
    ]);
    expect(report.checked).toMatchObject({ overlays: 3, resources: 6 });
    const { out: included } = await gitops("validate", "--include-crds", "--json");
    const found = (JSON.parse(included) as Report).findings;
    expect(found.filter(({ field }) => field === "/spec/foo")).toHaveLength(1);
  });

  test("branches for another Kubernetes version are said not to be looked at", async () => {
    const branch = {
      "charts/api/templates/b.yaml": `{{ if semverCompare ">=1.33-0" .Capabilities.KubeVersion.Version }}\n${config("new")}{{ else }}\n${config("old", "bad: 1\n")}{{ end }}\n`,
    };
    const gitops = repository({ ...chart, ...template, ...branch });
    const said = async (...args: string[]) =>
      (await gitops("validate", ...args)).out.split("\n").filter((each) => each.startsWith("skipped chart"));
    expect(await said("--kubernetes-versions", "1.32,1.37")).toEqual([
      "skipped chart charts/api: rendered for Kubernetes 1.37: its branches for 1.32 were not looked at; kube-version: 1.32 renders them (kube-version)",
    ]);
    expect(await said("--kubernetes-versions", "1.32", "--kube-version", "1.32")).toEqual([]);
    expect(await said()).toEqual([]);
    const other = repository({ ...chart, ...template });
    expect((await other("validate", "--kubernetes-versions", "1.32")).out).not.toContain("skipped chart");
    // What Helm itself takes for granted: it changes with the pin of Helm.
    const asks = `{{ if ne .Capabilities.KubeVersion.Minor "37" }}{{ fail .Capabilities.KubeVersion.Version }}{{ end }}\n${config("c")}`;
    const helm = repository({ ...chart, "charts/api/templates/c.yaml": asks });
    expect(await helm("validate")).toMatchObject({ status: 0, out: expect.not.stringContaining("v1.") });
  });
});
