// A pull request that takes overlays out of gitops.yaml and leaves their files: nothing of them is checked any more.
import type { RenderInputs } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { fleet, gitops } from "../promotion/world.ts";
import { renderChange } from "./change.ts";

const prod = "apps/web/overlays/prod";
const listing = (...patterns: string[]) =>
  gitops.replace(/overlays: .*/, `overlays: ${JSON.stringify(patterns)}`);
const message = (id: string) =>
  `${id} is no longer looked at, but its files are still there: gitops.yaml lists overlays, and none of its patterns matches it`;

/** What is said of overlays that are no longer listed. A text of undefined removes the file. */
async function findings(
  files: Record<string, string | undefined>,
  start: Record<string, string> = fleet(),
  inputs: Partial<RenderInputs> = {},
) {
  const { report } = await renderChange(files, start, inputs);
  return report.findings.filter(({ rule }) => rule === "render/no-longer-listed");
}

test("an overlay that no pattern of gitops.yaml matches any more is an error while its files are there", async () => {
  const found = await findings({
    "gitops.yaml": listing("apps/{app}/overlays/dev", "apps/*/overlays/stagin"),
  });
  expect(found.map((each) => each.message)).toEqual([message(prod), message("apps/web/overlays/staging")]);
  expect(found[0]).toMatchObject({
    severity: "error",
    location: { path: "gitops.yaml", line: 6 },
    places: [{ overlay: prod, state: "new" }],
    help: expect.stringMatching(/overlays in gitops.yaml, or remove its files.*`ignore`/),
  });
});

test("also where gitops.yaml is new, or what is left is a chart or plain manifests", async () => {
  const { "gitops.yaml": _, ...files } = fleet();
  const start = {
    ...files,
    "plain/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
    "charts/db/values-dev.yaml": "a: 1\n",
    "charts/db/values-prod.yaml": "a: 2\n",
  };
  const found = await findings({ "gitops.yaml": gitops }, start);
  expect(found.map((each) => each.message)).toEqual(
    ["charts/db", "charts/db@dev", "charts/db@prod", "plain"].map(message),
  );
});

test("more than ten are one finding", async () => {
  const start = fleet();
  for (let n = 10; n < 21; n++)
    start[`apps/a${n}/overlays/prod/kustomization.yaml`] = "resources: [../../../web/base]\n";
  const found = await findings({ "gitops.yaml": listing("apps/web/overlays/{environment}") }, start);
  const ids = Array.from({ length: 11 }, (_, n) => `apps/a${n + 10}/overlays/prod`);
  expect(found.map((each) => each.message)).toEqual([
    `11 overlays are no longer looked at, but their files are still there: gitops.yaml lists overlays, and none of its patterns matches them: ${ids.join(", ")}`,
  ]);
  expect(found[0]?.places.map(({ overlay }) => overlay)).toEqual(ids);
});

test("nothing is said of one whose files went, that another overlay is built from now, or that is ignored", async () => {
  const file = `${prod}/kustomization.yaml`;
  const two = listing("apps/{app}/overlays/dev", "apps/{app}/overlays/staging", "clusters/*");
  expect(await findings({ "gitops.yaml": two, [file]: undefined })).toEqual([]);
  const cluster = { "clusters/eu/kustomization.yaml": `resources: [../../${prod}]\n` };
  expect(await findings({ "gitops.yaml": two, ...cluster })).toEqual([]);
  const { "gitops.yaml": _, ...unlisted } = fleet();
  expect(await findings(cluster, unlisted)).toEqual([]);
  const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
  expect(await findings({ [file]: component })).toEqual([]);
  expect(await findings({ "gitops.yaml": `${gitops}ignore: ["${prod}"]\n` })).toEqual([]);
});

test("what refers to it must be looked at itself", async () => {
  const two = listing("apps/{app}/overlays/dev", "apps/{app}/overlays/staging");
  const cluster = { "clusters/eu/kustomization.yaml": `resources: [../../${prod}]\n` };
  const found = await findings({ "gitops.yaml": two, ...cluster });
  expect(found.map((each) => each.message)).toEqual([message(prod)]);
});

test("what the run was not asked for is not told", async () => {
  const two = listing("apps/{app}/overlays/dev");
  const found = await findings({ "gitops.yaml": two }, fleet(), {
    kustomization: ["apps/*/overlays/staging"],
    allowEmpty: true,
  });
  expect(found.map((each) => each.message)).toEqual([message("apps/web/overlays/staging")]);
});
