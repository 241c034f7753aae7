// A version that can go no further must not look like one that is there already.
import { expect, test } from "vitest";
import { fleet, gitops, overlay, place } from "./world.ts";

const file = (environment: string) => `apps/web/overlays/${environment}/kustomization.yaml`;
const image = "registry.example.com/web";
const rule = "promotion/nowhere-to-write";

/** Development has 1.2.0; staging and production are as they are given. */
function placed(files: Record<string, string | undefined>, settings = gitops) {
  const all = { ...fleet(settings), [file("prod")]: overlay("1.1.0"), ...files };
  return place(
    Object.fromEntries(Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined)),
  );
}

/** What each operation says of one app in one environment, and how it ends. */
async function said(where: ReturnType<typeof place>, environment: string) {
  const found = [];
  for (const operation of ["status", "plan", "promote"] as const) {
    const { report } = await where.run({ operation, apps: ["web"], environments: [environment] });
    const [finding] = report.findings.filter((each) => each.rule === rule);
    found.push([operation, finding?.severity, report.verdict, finding?.message, finding?.location?.line]);
  }
  return found;
}

test.each([
  [
    "an image whose name is misspelt",
    { [file("staging")]: overlay("1.1.0").replace(image, "registry.example.com/wbe") },
    `${file("staging")} names \`registry.example.com/wbe\` in \`images:\`. Did you mean \`registry.example.com/wbe\` and \`${image}\` to be the same?`,
    3,
  ],
  [
    "no entry in images",
    { [file("staging")]: "resources: [../../base]\n" },
    `${file("staging")} has no \`images:\``,
    1,
  ],
  [
    "an entry without a tag",
    { [file("staging")]: `resources: [../../base]\nimages:\n  - name: ${image}\n` },
    `${file("staging")} names it in \`images:\` without a tag or digest`,
    3,
  ],
])("%s is a warning with the line, and fails a promotion of just that", async (_, files, why, line) => {
  const message = `web in staging: nowhere to write ${image}, which dev runs: ${why}`;
  expect(await said(placed(files), "staging")).toEqual([
    ["status", "warning", "findings", message, line],
    ["plan", "warning", "findings", message, line],
    ["promote", "error", "findings", message, line],
  ]);
});

test("what is misspelt in one environment is not asked of the next", async () => {
  const wrong = overlay("1.1.0").replace(image, "registry.example.com/wbe");
  const where = placed({ [file("staging")]: wrong });
  const message = `web in prod: nowhere to write registry.example.com/wbe, which staging runs: only staging names it so. Did you mean \`${image}\` there?`;
  const { report } = await where.run({ operation: "status", environments: ["prod"] });
  expect(report.findings).toMatchObject([{ rule, message, location: { path: file("staging"), line: 4 } }]);
});

const chart = {
  "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
  "charts/shop/values.yaml": "image:\n  repository: registry.example.com/shop\n",
  "charts/shop/values-dev.yaml": 'image:\n  repository: registry.example.com/shop\n  tag: "1.5.0"\n',
};
const charts = gitops.replace(
  "promotion:",
  'charts:\n  - path: charts/{app}\n    values: ["values-{environment}.yaml"]\npromotion:',
);

test.each([
  ["the tag", "image:\n  repository: registry.example.com/shop\n", "has no `tag` there"],
  ["the image", "replicas: 3\n", "has none"],
])("values that lack %s are named", async (_, text, why) => {
  const where = placed({ ...chart, "charts/shop/values-staging.yaml": text }, charts);
  const { report } = await where.run({ operation: "status" });
  expect(report.findings.filter((each) => each.rule === rule)).toMatchObject([
    {
      message: `shop in staging: nowhere to write registry.example.com/shop, which dev runs: charts/shop/values-staging.yaml ${why}`,
      location: { path: "charts/shop/values-staging.yaml" },
    },
  ]);
});

test("a second image that only one environment has is told beside the one that moves", async () => {
  const sidecar = "  - name: registry.example.com/sidecar\n    newTag: '9'\n";
  const where = placed({ [file("dev")]: overlay("1.2.0", sidecar) });
  const { report, delivered } = await where.run({ operation: "promote", environments: ["staging"] });
  expect(delivered[0]?.moves).toEqual([`${image} 1.1.0 -> 1.2.0`]);
  expect(report.findings).toMatchObject([
    {
      rule,
      severity: "warning",
      message: expect.stringContaining("nowhere to write registry.example.com/sidecar"),
    },
  ]);
});

test("what an environment has in an object of its own is a note", async () => {
  const pod =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: mail}\nspec: {containers: [{name: mail, image: 'mail:1.0'}]}\n";
  const where = placed({
    [file("dev")]: overlay("1.2.0").replace("[../../base]", "[../../base, mail.yaml]"),
    "apps/web/overlays/dev/mail.yaml": pod,
  });
  const { report } = await where.run({ operation: "status" });
  expect(report.findings).toEqual([]);
  expect(report.notes).toEqual([
    "web in staging has no place for mail, which dev has in an object of its own (apps/web/overlays/dev/mail.yaml:4)",
  ]);
});

test("an overlay that was deleted is told with the commit, one that never was is a note", async () => {
  const job = {
    "apps/job/overlays/dev/kustomization.yaml": overlay("1.0.0").replace("../../base", "../../../web/base"),
  };
  const where = placed(job);
  const all = await where.run({ operation: "status" });
  expect(all.report.findings).toEqual([]);
  expect(all.report.notes).toEqual(["staging does not have job: what dev runs of it goes no further"]);
  const exactly = { apps: ["job"], environments: ["staging"] };
  expect((await where.run({ operation: "promote", ...exactly })).report.findings).toMatchObject([
    {
      rule,
      severity: "error",
      message: expect.stringContaining("staging has no overlay or values file of job"),
    },
  ]);
  where.space.git(`${where.space.folder}/work`, "rm", "-q", file("prod"));
  where.space.git(`${where.space.folder}/work`, "commit", "-q", "-m", "gone");
  where.space.git(`${where.space.folder}/work`, "push", "-q", "origin", "main");
  const commit = where.space.git(where.remote, "rev-parse", "main").slice(0, 7);
  const message = `web in prod: nowhere to write what staging runs: ${file("prod")} is gone since commit ${commit}`;
  expect(await said(where, "prod")).toEqual([
    ["status", "warning", "findings", message, undefined],
    ["plan", "warning", "findings", message, undefined],
    ["promote", "error", "findings", message, undefined],
  ]);
});

test("nothing is said where all has its place", async () => {
  const { report } = await placed({}).run({ operation: "status" });
  expect([report.findings, report.notes]).toEqual([[], []]);
});
