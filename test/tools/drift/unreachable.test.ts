// A cluster that does not answer is one thing that could not be checked, however many objects and overlays it has; and
// nothing counts as looked at.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaults, run } from "@gitops-actions/drift-report";
import { userCacheDir } from "@gitops-actions/engine";
import { expect, test } from "vitest";
import { findTool } from "../../setup/tools.ts";
import { scratch } from "../git/scratch.ts";
import { fleet } from "../promotion/world.ts";

test("is said once, with how much of what was not read", async () => {
  const space = scratch();
  const cwd = space.repository("fleet", fleet());
  const kubeconfig = join(space.folder, "kubeconfig");
  const cluster = { name: "c", cluster: { server: "https://127.0.0.1:1" } };
  const context = { name: "prod-eu", context: { cluster: "c", user: "u" } };
  const user = { name: "u", user: { token: "x" } };
  const config = { clusters: [cluster], contexts: [context], users: [user], "current-context": "prod-eu" };
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: "v1", kind: "Config", ...config }));
  const host = {
    ...space.machine,
    cacheDir: userCacheDir(process.env),
    cwd,
    now: () => new Date(0),
    isTerminal: false,
  };
  const paths = { kubectl: await findTool("kubectl") };
  const outcome = await run(
    { ...defaults, environment: "prod", kubeconfig, context: "prod-eu", tools: { allowBuild: false, paths } },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
  const { report, drifted } = outcome;
  expect(report.failed).toEqual([
    {
      kind: "cluster",
      id: "prod-eu",
      code: "unreachable",
      message: expect.stringMatching(
        /connection refused; not read: 1 object of apps\/web\/overlays\/prod, and \d+ kinds of other objects$/,
      ),
    },
  ]);
  expect(report.checked).toEqual({ overlays: 0, resources: 0, unique: 0 });
  expect([report.verdict, drifted]).toEqual(["incomplete", "unknown"]);
});
