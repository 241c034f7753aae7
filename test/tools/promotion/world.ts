import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { defaults, type PromoteInputs, type PromoteWorld, run } from "@gitops-actions/promote-env";
import { type Scratch, scratch } from "../git/scratch.ts";

/** A remote, and a clone of it in which promote-env works. */
export interface Place {
  space: Scratch;
  remote: string;
  clone: string;
  /** Runs one operation at a moment. */
  run(inputs: Partial<PromoteInputs>, now?: string, more?: Partial<PromoteWorld>): ReturnType<typeof run>;
  /** A file as the remote's branch holds it. */
  show(path: string, branch?: string): string;
  /** Commits files to the remote's branch, as somebody else would. */
  commit(files: Record<string, string>, message?: string, branch?: string): string;
  log(branch?: string): string[];
}

export const gitops = `version: 1
environments:
  - dev
  - {name: staging, from: dev}
  - {name: prod, from: staging}
overlays: ["apps/{app}/overlays/{environment}"]
promotion:
  strategy: direct
  gates:
    "*": {times: committed}
`;

export const overlay = (tag: string, more = "") => `resources: [../../base]
images:
  - name: registry.example.com/web # the shop
    newTag: "${tag}"
${more}`;

export const fleet = (settings = gitops): Record<string, string> => ({
  "gitops.yaml": settings,
  "apps/web/base/kustomization.yaml": "resources: [deployment.yaml]\n",
  "apps/web/base/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: registry.example.com/web}]}}}
`,
  "apps/web/overlays/dev/kustomization.yaml": overlay("1.2.0"),
  "apps/web/overlays/staging/kustomization.yaml": overlay("1.1.0"),
  "apps/web/overlays/prod/kustomization.yaml": overlay("1.0.0"),
});

export function place(files: Record<string, string> = fleet()): Place {
  const space = scratch();
  const work = space.repository("work", files);
  const remote = join(space.folder, "remote.git");
  space.git(space.folder, "clone", "-q", "--bare", work, remote);
  space.git(remote, "config", "receive.advertisePushOptions", "true");
  space.git(work, "remote", "add", "origin", remote);
  space.git(space.folder, "clone", "-q", remote, "clone");
  const clone = join(space.folder, "clone");
  mkdirSync(space.machine.tempDir, { recursive: true });
  return {
    space,
    remote,
    clone,
    run(inputs, now = "2026-02-01T12:00:00Z", more = {}) {
      const host = { ...space.machine, cwd: clone, now: () => new Date(now), isTerminal: false };
      return run(
        { ...defaults, prove: false, ...inputs },
        {
          host,
          progress: () => {},
          signal: new AbortController().signal,
          secretKey: new Uint8Array(32),
          ...more,
        },
      );
    },
    show: (path, branch = "main") => `${space.git(remote, "show", `${branch}:${path}`)}\n`,
    commit(files, message = "change", branch = "main") {
      space.git(work, "fetch", "-q", "origin");
      space.git(work, "checkout", "-q", "-B", branch, `origin/${branch}`);
      const id = space.commit(work, files, message);
      space.git(work, "push", "-q", "origin", branch);
      return id;
    },
    log: (branch = "main") => space.git(remote, "log", "--format=%s", branch).split("\n"),
  };
}
