// A pull request that changes what several environments share: nothing promotes that, so it is said.
import { defaults, run } from "@gitops-actions/render-overlays";
import { describe, expect, test } from "vitest";
import { scratch } from "../git/scratch.ts";
import { fleet, gitops, overlay } from "./world.ts";

const base = "apps/web/base/deployment.yaml";
const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
const replicas = (count: number) =>
  fleet()[base]!.replace("spec: {selector", `spec: {replicas: ${count}, selector`);

async function findings(files: Record<string, string>, settings = gitops, start = fleet(settings)) {
  const space = scratch();
  const folder = space.repository("fleet", start);
  space.git(folder, "checkout", "-q", "-b", "change");
  space.commit(folder, files);
  const host = { ...space.machine, cwd: folder, now: () => new Date(0), isTerminal: false };
  const outcome = await run(
    { ...defaults, baseRef: "main", fetch: false },
    { host, progress: () => {}, signal: new AbortController().signal, secretKey: new Uint8Array(32) },
  );
  return outcome.report.findings
    .filter(({ rule }) => rule.startsWith("promotion/"))
    .map(({ severity, message, location, places }) => [
      severity,
      message,
      location?.path,
      places.map((place) => `${place.overlay} ${place.state}`),
    ]);
}

describe("a change to a shared base", () => {
  test("lists the environments that it reaches without promotion", async () => {
    expect(await findings({ [base]: replicas(3) })).toEqual([
      [
        "warning",
        `${base}: this change reaches staging, prod at once, without promotion`,
        base,
        ["apps/web/overlays/prod new", "apps/web/overlays/staging new"],
      ],
    ]);
  });

  test("is as severe as the base's gitops.yaml says, whatever the pull request writes there", async () => {
    const strict = gitops.replace("promotion:", "promotion:\n  shared-changes: error");
    const off = gitops.replace("promotion:", "promotion:\n  shared-changes: off");
    expect((await findings({ [base]: replicas(3), "gitops.yaml": off }, strict))[0]?.[0]).toBe("error");
    expect(await findings({ [base]: replicas(3) }, off)).toEqual([]);
  });

  test("is nothing where environments have no order", async () => {
    const loose = gitops.replace(/, from: \w+/g, "");
    expect(await findings({ [base]: replicas(3) }, loose)).toEqual([]);
  });

  test("is not one in an environment's own files, in comments, or in what only the first one reads", async () => {
    const start = {
      ...fleet(),
      "apps/web/part/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a-\n",
      [file("dev")]: `${overlay("1.2.0")}components: [../../part]\n`,
    };
    const changed = {
      [file("prod")]: overlay("1.0.1"),
      [base]: `# a comment\n${fleet()[base]}`,
      "apps/web/part/kustomization.yaml": start["apps/web/part/kustomization.yaml"].replace("a-", "b-"),
    };
    expect(await findings(changed, gitops, start)).toEqual([]);
  });

  test("is one in an environment that another is built from", async () => {
    const start = { ...fleet(), [file("prod")]: "resources: [../staging]\n" };
    expect(await findings({ [file("staging")]: overlay("1.1.1") }, gitops, start)).toEqual([
      [
        "warning",
        `${file("staging")}: this change reaches prod, without promotion`,
        file("staging"),
        ["apps/web/overlays/prod new"],
      ],
    ]);
  });
});
