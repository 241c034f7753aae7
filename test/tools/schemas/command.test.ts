// What `gitops validate` and `gitops policy` render for themselves: what of it was left out is said there.
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { userCacheDir } from "@gitops-actions/engine";
import { expect, test } from "vitest";
import { cli } from "../../../packages/cli/src/cli.ts";
import { write } from "../engine/machine.ts";
import { scratch } from "../git/scratch.ts";
import { config, definition, thing } from "./validation.ts";

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
  git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "more");
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
