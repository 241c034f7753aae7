// A pull request that names overlays in `ignore`: nothing of them is checked any more, and that must be said.
import type { RenderInputs } from "@gitops-actions/render-overlays";
import { expect, test } from "vitest";
import { fleet, gitops } from "../promotion/world.ts";
import { renderChange } from "./change.ts";

const dev = "apps/web/overlays/dev";
const prod = "apps/web/overlays/prod";

/** What is said of overlays that are ignored now. A text of undefined removes the file. */
async function findings(
  files: Record<string, string | undefined>,
  start: Record<string, string> = fleet(),
  inputs: Partial<RenderInputs> = {},
) {
  const { report } = await renderChange(files, start, inputs);
  return report.findings.filter(({ rule }) => rule === "render/no-longer-checked");
}

test("one warning names the overlays that are no longer looked at, at the line that does it", async () => {
  const found = await findings({
    "gitops.yaml": `${gitops}ignore:\n  - docs/**\n  - apps/*/overlays/[dp]*\n`,
  });
  expect(found).toMatchObject([
    {
      severity: "warning",
      message: `this change takes 2 overlays out of what is checked: ${dev}, ${prod}`,
      location: { path: "gitops.yaml", line: 13 },
      help: expect.stringMatching(/ignore/),
      places: [
        { overlay: dev, state: "new" },
        { overlay: prod, state: "new" },
      ],
    },
  ]);
});

test("charts, manifests and what another kustomization refers to are told, too", async () => {
  const start: Record<string, string> = {
    ...fleet(
      `${gitops.replace(/overlays: .*/, 'overlays: ["apps/{app}/base", "plain"]')}charts: [charts/db]\n`,
    ),
    "plain/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    "charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
    "charts/db/values-dev.yaml": "a: 1\n",
  };
  const found = await findings({ "gitops.yaml": `${start["gitops.yaml"]}ignore: ["**"]\n` }, start, {
    allowEmpty: true,
  });
  expect(found.map(({ message }) => message)).toEqual([
    "this change takes 4 overlays out of what is checked: apps/web/base, charts/db, charts/db@dev, plain",
  ]);
});

test("nothing is said of what was ignored before, of what is deleted, and of what stays", async () => {
  const ignoring = fleet(`${gitops}ignore: ["${prod}"]\n`);
  expect(
    await findings({ [`${dev}/kustomization.yaml`]: `${ignoring[`${dev}/kustomization.yaml`]}\n` }, ignoring),
  ).toEqual([]);
  expect(
    await findings({
      "gitops.yaml": `${gitops}ignore: ["${prod}"]\n`,
      [`${prod}/kustomization.yaml`]: undefined,
    }),
  ).toEqual([]);
  expect(await findings({ "gitops.yaml": `${gitops}ignore: ["docs/**"]\n` })).toEqual([]);
});
