// An Application that takes a path of the repository it stands in: that is rendered as an overlay, and nothing is missing.
import { userCacheDir } from "@gitops-actions/engine";
import { defaults, run } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { scratch } from "../git/scratch.ts";
import { fleet } from "../promotion/world.ts";

const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec: {source: {repoURL: "https://github.com/org/fleet", path: apps/web/overlays/dev}}
`;

test.each([
  ["the remote", ["remote", "add", "origin", "git@github.com:org/fleet.git"], {}, []],
  ["another remote", ["remote", "add", "upstream", "https://github.com/org/fleet"], {}, []],
  ["the job", ["remote", "add", "origin", "/srv/fleet"], { GITHUB_REPOSITORY: "org/fleet" }, []],
  ["a fork", ["remote", "add", "origin", "https://github.com/me/fleet"], {}, ["argo"]],
])("the own repository is known by %s", async (_what, remote, env, listed) => {
  const space = scratch(env);
  const files = { ...fleet(), "argo/web.yaml": application };
  delete (files as Record<string, string>)["gitops.yaml"];
  const cwd = space.repository("fleet", files);
  space.git(cwd, ...remote);
  const host = {
    ...space.machine,
    cacheDir: userCacheDir(process.env),
    cwd,
    now: () => new Date(0),
    isTerminal: false,
  };
  const { report } = await run(
    { ...defaults, compare: false, fetch: false },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
  const found = report.skipped.filter(({ code }) => code === "remote-source");
  expect(found.map(({ id }) => id.split("/")[0])).toEqual(listed);
});
