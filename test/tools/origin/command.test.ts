import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "../../../packages/cli/src/cli.ts";
import { findTool } from "../../setup/tools.ts";
import { gitWith } from "../examples/programs.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "gitops-origin-command-")));
let runs = 0;
let paths: string[] = [];

beforeAll(async () => {
  const repository = join(folder, "fleet");
  cpSync(join(import.meta.dirname, "../../../examples/fleet"), repository, { recursive: true });
  const git = gitWith({ GIT_CONFIG_GLOBAL: "/dev/null" });
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    [...identity, "commit", "-q", "-m", "fleet"],
  ])
    await git(args, { cwd: repository, env: {} });
  paths = ["--kustomize-path", await findTool("kustomize"), "--helm-path", await findTool("helm")];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `gitops origin ARGUMENTS`; a refusal is thrown. */
async function origin(...args: string[]) {
  const [tempDir, cacheDir] = [join(folder, `temp-${runs++}`), join(folder, "cache")];
  mkdirSync(tempDir, { mode: 0o700 });
  const env = { PATH: process.env.PATH ?? "", HOME: folder };
  const host = {
    env,
    cwd: join(folder, "fleet"),
    cacheDir,
    tempDir,
    cores: 2,
    now: () => new Date(0),
    isTerminal: false,
  };
  const said = { out: "", err: "" };
  const streams = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.err += text) },
  };
  const status = await cli(["origin", ...args, ...paths], host, streams, new AbortController().signal);
  return { status, ...said };
}

describe("gitops origin", () => {
  test("prints the place, how sure it is, the line, and what stands in between", async () => {
    const field = "spec.template.spec.containers[name=payments].image";
    expect(await origin("apps/payments@prod", "deployment/payments", field)).toEqual({
      status: 0,
      err: "",
      out: "apps/payments/values-prod.yaml:2:8 exact\n  tag: 4.2.0\n  via apps/payments/templates/deployment.yaml\n",
    });
  });

  test("prints JSON", async () => {
    const { status, out } = await origin(
      "apps/notifications/overlays/prod",
      "Deployment/notifications/notifications-web",
      "/spec/replicas",
      "--json",
    );
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      path: expect.stringMatching(/^apps\/notifications\//),
      precision: "exact",
    });
  });

  test("finds a generated object without its hash, and a resource by namespace and name", async () => {
    const { out } = await origin(
      "apps/notifications/overlays/prod",
      "configmap/notifications-templates",
      "metadata.name",
    );
    expect(out).toMatch(/^apps\/notifications\/base\/kustomization\.yaml:\d+:\d+ exact/);
    await expect(
      origin("apps/notifications/overlays/prod", "notifications/notifications-web", "kind"),
    ).rejects.toThrow(/there are several: .*Deployment notifications\/notifications-web/);
  });

  test("does not print what is secret", async () => {
    const { status, out } = await origin(
      "apps/notifications/overlays/dev",
      "secret/notifications-mail",
      "data",
    );
    expect(status).toBe(0);
    expect(out.split("\n")[0]).toMatch(/^apps\/notifications\/overlays\/dev\/.*:\d+/);
    expect(out).not.toMatch(/^ {2}(?!via )/m);
  });

  test.each([
    [
      ["apps/paymens@prod", "deployment/payments", "kind"],
      /there is none of that name.*did you mean apps\/payments@prod\?/,
    ],
    [
      ["apps/payments@prod", "deployment/payment", "kind"],
      /renders none of that name.*did you mean deployment\/payments\?/,
    ],
    [["apps/payments@prod", "deployment/payments", "spec.replica.x"], /there is no replica in \/spec/],
    [["apps/payments@prod", "deployment/payments"], /needs an overlay, a resource and a field/],
    [["apps/payments@prod", "payments", "kind"], /kind\/name, kind\/namespace\/name or namespace\/name/],
  ])("refuses %j", async (args, message) => {
    await expect(origin(...args)).rejects.toThrow(message);
  });
});
