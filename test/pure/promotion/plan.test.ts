import {
  applyEdits,
  type Cell,
  loadConfig,
  type Plan,
  planPromotion,
  planSet,
  readCells,
} from "@gitops-actions/fleet";
import { describe, expect, test } from "vitest";
import { memoryTree } from "../fleet/memory-tree.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const head = (promotion = "") =>
  `version: 1\nenvironments: [dev, {name: prod, from: dev}]\noverlays: ["apps/{app}/{environment}", "clusters/{environment}/{cluster}/{app}"]\npromotion: {${promotion}}\n`;
const kustomization = (entry: string) => `resources: []\nimages: [{name: web, ${entry}}]\n`;

async function cells(
  files: Record<string, string>,
  promotion = "",
): Promise<(environment: string, app?: string) => Cell> {
  const tree = memoryTree({ "gitops.yaml": head(promotion), ...files });
  const found = await readCells(tree, { config: await loadConfig(tree) });
  return (environment, app = "web") => {
    const cell = found.find((each) => each.environment === environment && each.app === app);
    if (!cell)
      throw new Error(
        `no ${app} in ${environment}: ${found.map((each) => `${each.app}/${each.environment}`).join(", ")}`,
      );
    return cell;
  };
}

const moves = (plan: Plan) => plan.moves.map(({ from, to }) => [from, to]);
const notes = (plan: Plan) => plan.notes.map(({ kind, code }) => `${kind} ${code}`);

describe("what a promotion writes", () => {
  const pair = (dev: string, prod: string) => ({
    "apps/web/dev/kustomization.yaml": kustomization(dev),
    "apps/web/prod/kustomization.yaml": kustomization(prod),
  });

  test.each([
    ["a tag", "newTag: b", "newTag: a", [[{ tag: "a" }, { tag: "b" }]], []],
    ["nothing where both are the same", "newTag: a", "newTag: a", [], []],
    [
      "tag and digest together",
      `newTag: b, digest: '${digest("2")}'`,
      `newTag: a, digest: '${digest("1")}'`,
      [
        [
          { tag: "a", digest: digest("1") },
          { tag: "b", digest: digest("2") },
        ],
      ],
      [],
    ],
    [
      "a tag, and says that the digest has no place",
      `newTag: b, digest: '${digest("2")}'`,
      "newTag: a",
      [[{ tag: "a" }, { tag: "b", digest: digest("2") }]],
      ["notice no-field"],
    ],
    [
      "nothing past a digest that would stay",
      "newTag: b",
      `newTag: a, digest: '${digest("1")}'`,
      [[{ tag: "a", digest: digest("1") }, { tag: "b" }]],
      ["obstacle stale-digest"],
    ],
  ])("%s", async (_, dev, prod, expected, said) => {
    const of = await cells(pair(dev, prod));
    const plan = planPromotion(of("dev"), of("prod"));
    expect([moves(plan), notes(plan)]).toEqual([expected, said]);
  });

  test("leaves a registry of its own to each environment", async () => {
    const files = pair("newName: dev.example.com/web, newTag: b", "newName: prod.example.com/web, newTag: a");
    const of = await cells(files, "keep: [name]");
    const plan = planPromotion(of("dev"), of("prod"));
    expect(applyEdits(files["apps/web/prod/kustomization.yaml"], plan.moves[0]!.edits)).toBe(
      kustomization("newName: prod.example.com/web, newTag: b"),
    );
    const image = (name: string, tag: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "${name}:${tag}"}]}\n`;
    const plain = await cells(
      {
        "apps/web/dev/pod.yaml": image("dev.example.com/web", "b"),
        "apps/web/prod/pod.yaml": image("prod.example.com/web", "a"),
      },
      "keep: [name]",
    );
    const other = planPromotion(plain("dev"), plain("prod"));
    expect(applyEdits(image("prod.example.com/web", "a"), other.moves[0]!.edits)).toBe(
      image("prod.example.com/web", "b"),
    );
  });

  test("goes to every cluster, and not on while clusters disagree", async () => {
    const at = (environment: string, cluster: string, tag: string) => ({
      [`clusters/${environment}/${cluster}/web/kustomization.yaml`]: kustomization(`newTag: ${tag}`),
    });
    const of = await cells({
      ...at("dev", "one", "b"),
      ...at("dev", "two", "b"),
      ...at("prod", "eu", "a"),
      ...at("prod", "us", "a"),
    });
    const plan = planPromotion(of("dev"), of("prod"));
    expect(plan.moves.flatMap((move) => move.edits.map((edit) => edit.path))).toEqual([
      "clusters/prod/eu/web/kustomization.yaml",
      "clusters/prod/us/web/kustomization.yaml",
    ]);
    const mixed = await cells({
      ...at("dev", "one", "b"),
      ...at("dev", "two", "c"),
      ...at("prod", "eu", "a"),
    });
    expect(notes(planPromotion(mixed("dev"), mixed("prod")))).toEqual(["obstacle disagree"]);
  });

  test("takes declared fields and whole files along", async () => {
    const files = {
      ...pair("newTag: a", "newTag: a"),
      "apps/web/dev/limits.yaml": "a: {b/c: 2}\n",
      "apps/web/prod/limits.yaml": "a: {b/c: 1}\n",
      "apps/web/dev/app.conf": "two\n",
      "apps/web/prod/app.conf": "one\n",
    };
    const of = await cells(
      files,
      "files: ['apps/{app}/{environment}/app.conf'], fields: [{file: 'apps/{app}/{environment}/limits.yaml', pointer: /a/b~1c}]",
    );
    const plan = planPromotion(of("dev"), of("prod"));
    expect(
      plan.moves.map(({ kind, edits, copies }) => [
        kind,
        edits.map((edit) => edit.path),
        copies.map((copy) => copy.path),
      ]),
    ).toEqual([
      ["declared-file", [], ["apps/web/prod/app.conf"]],
      ["declared-field", ["apps/web/prod/limits.yaml"], []],
    ]);
    expect(applyEdits("a: {b/c: 1}\n", plan.moves[1]!.edits)).toBe("a: {b/c: 2}\n");
  });

  test("pairs a chart that Flux deploys in one environment and Argo CD in the next", async () => {
    const of = await cells({
      "apps/redis/dev/release.yaml":
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: redis}\nspec: {chart: {spec: {chart: redis, version: 2.0.0}}}\n",
      "apps/redis/prod/app.yaml":
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: redis}\nspec: {source: {repoURL: https://charts.example.com, chart: redis, targetRevision: 1.0.0}}\n",
    });
    expect(moves(planPromotion(of("dev", "redis"), of("prod", "redis")))).toEqual([
      [{ version: "1.0.0" }, { version: "2.0.0" }],
    ]);
  });

  test("says what only one of the two has", async () => {
    const of = await cells({
      "apps/web/dev/kustomization.yaml":
        "images: [{name: web, newTag: b}, {name: sidecar, newTag: b}]\nresources: []\n",
      "apps/web/prod/kustomization.yaml":
        "images: [{name: web, newTag: b}, {name: proxy, newTag: a}]\nresources: []\n",
    });
    const plan = planPromotion(of("dev"), of("prod"));
    expect([moves(plan), notes(plan)]).toEqual([[], ["notice not-promoted", "notice no-counterpart"]]);
  });
});

describe("what setting writes", () => {
  test("keeps the name of an image that is one text", async () => {
    const of = await cells({
      "apps/web/dev/pod.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: 'r.example.com/web:a'}]}\n",
    });
    expect(moves(planSet(of("dev"), { tag: "b" }))).toEqual([
      [
        { name: "r.example.com/web", tag: "a" },
        { name: "r.example.com/web", tag: "b" },
      ],
    ]);
  });
});
