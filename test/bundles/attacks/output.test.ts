// Class B, the other way: nothing is written but to the output, whatever a repository's names are.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { git } from "../../e2e/fleet.ts";
import {
  expectGood,
  findingsOf,
  goodFiles,
  manifest,
  play,
  pullRequest,
  setStage,
  show,
  strike,
} from "../stage.ts";

const plain = (name: string) => ({ [`${name}/a.yaml`]: manifest("a") });
const kustomize = (folder: string) => ({
  [`${folder}/kustomization.yaml`]: "resources: [a.yaml]\n",
  [`${folder}/a.yaml`]: manifest("a"),
});

/** What lies in the stage's folder besides the workspace. */
function around(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => !path.startsWith("work/fleet/fleet/"))
    .sort();
}

test("overlays called like the files of another one's result are rendered beside it", async () => {
  const names = [
    "apps/web",
    "apps/web/tree",
    "apps/web/tree/apps/web",
    "apps/web/manifest.yaml",
    "apps/web/resources",
    "_root",
    "apps/web.partial",
  ];
  const shown = await play({
    head: Object.assign({}, ...names.map(kustomize), {
      // Its resource would be stored under the name of another overlay's manifest.
      "apps/web/a.yaml": "apiVersion: v1\nkind: Manifest\nmetadata: {name: yaml}\n",
      "kustomization.yaml": "resources: [root.yaml]\n",
      "root.yaml": manifest("root"),
    }),
  });
  expect(shown.run.exitCode, shown.run.stdout).toBe(0);
  expectGood(shown);
  const written = new Set<string>();
  for (const overlay of shown.index!.overlays) {
    expect(overlay, overlay.id).toMatchObject({ status: "rendered" });
    for (const file of [overlay.head!.manifest, ...overlay.head!.resources.map(({ file }) => file)]) {
      expect(written.has(file), file).toBe(false);
      written.add(file);
      expect(lstatSync(join(shown.run.outputs.directory!, file)).isFile(), file).toBe(true);
    }
  }
  await strike(shown);
});

test.each([
  ["a way up", "../stolen"],
  ["an absolute folder outside", "/tmp/gitops-stolen"],
  ["a link to a folder outside", "linked"],
  ["a folder below such a link", "linked/deep/er"],
  ["a link to nothing yet", "dangling"],
  ["a name that begins with a dash", "-o"],
  ["a name with a line break", "a\nb"],
])("an output that is %s is refused, and nothing written", async (_name, output) => {
  const stage = setStage({
    dangling: { link: "../../../outside/new" },
    linked: { link: "../../../outside" },
  });
  const before = around(stage.root);
  const shown = await show(stage, { inputs: { output } });
  expect(shown.run.exitCode, shown.run.stdout).toBe(2);
  expect(shown.run.annotations.map(({ data }) => data).join()).toMatch(/input 'output' is /);
  expect(around(stage.root)).toEqual(before);
  expect(existsSync("/tmp/gitops-stolen")).toBe(false);
  await strike(shown);
});

test.each([
  ["a file", "apps/good/settings.yaml", /is a file/],
  ["below a file", "apps/good/settings.yaml/out", /is a file/],
  ["a folder with something in it", "apps", /is not empty/],
  ["the workspace", ".", /is not empty/],
])("an output that is %s is refused, and nothing changed", async (_name, output, message) => {
  const stage = setStage();
  const shown = await show(stage, { inputs: { output } });
  expect(shown.run.exitCode, shown.run.stdout).toBe(2);
  expect(shown.run.annotations.map(({ data }) => data).join()).toMatch(message);
  expect(git(stage.workspace, "status", "--porcelain")).toBe("");
  await strike(shown);
});

test("an output inside the workspace is private, and holds all of the result", async () => {
  const shown = await play({ inputs: { output: "out/rendered" } });
  expect(shown.run.exitCode, shown.run.stdout).toBe(0);
  expect(shown.run.outputs.directory).toBe(join(shown.stage.workspace, "out/rendered"));
  expect(lstatSync(join(shown.stage.workspace, "out/rendered")).mode & 0o777).toBe(0o700);
  expectGood(shown);
  await strike(shown);
});

test("names with spaces, quotes, line breaks, dashes and other scripts are rendered under their names", async () => {
  const names = [
    "apps/with space",
    `apps/it's "quoted"`,
    "apps/-o",
    "apps/--output=x",
    "-e",
    "apps/line\nbreak",
    "apps/größe-日本",
    "apps/$(id)`id`;id|id&",
    "apps/a,b",
    "apps/%0A::error::x",
    "apps/*",
    "apps/[x]{y}",
    "apps/\u202egnp.exe",
  ];
  const shown = await play({ head: Object.assign({}, ...names.map(kustomize), plain("apps/plain \n x")) });
  expect(shown.run.exitCode, shown.run.stdout).toBe(0);
  expectGood(shown);
  expect(JSON.parse(shown.run.outputs.changed!)).toEqual(["apps/good", "apps/plain \n x", ...names].sort());
  for (const name of names) {
    const overlay = shown.index!.overlays.find(({ id }) => id === name);
    expect(readFileSync(join(shown.run.outputs.directory!, overlay!.head!.manifest), "utf8"), name).toContain(
      "name: a",
    );
  }
  // Nothing that acts on a terminal, or hides, is printed.
  for (const hidden of ["\u202e", "\x1b"]) expect(shown.run.stdout).not.toContain(hidden);
  await strike(shown);
});

/** A commit whose tree has an entry that Git itself would never make. */
function commitHostile(workspace: string, from: string, name: string): string {
  const blob = (text: string) => write("blob", Buffer.from(text));
  const write = (type: string, content: Buffer) =>
    execFileSync("git", ["hash-object", "-t", type, "-w", "--stdin", "--literally"], {
      cwd: workspace,
      input: content,
      encoding: "utf8",
    }).trim();
  const entry = (mode: string, name: string, id: string) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
  const overlay = write(
    "tree",
    Buffer.concat([
      entry("100644", "a.yaml", blob(manifest("a"))),
      entry("100644", "kustomization.yaml", blob("resources: [a.yaml]\n")),
    ]),
  );
  const evil = write("tree", entry("40000", name, overlay));
  const good = goodFiles("debug");
  const healthy = write(
    "tree",
    Buffer.concat(
      ["kustomization.yaml", "settings.yaml"].map((file) =>
        entry("100644", file, blob(good[`apps/good/${file}`] as string)),
      ),
    ),
  );
  const apps = write("tree", Buffer.concat([entry("40000", "evil", evil), entry("40000", "good", healthy)]));
  const tree = write("tree", entry("40000", "apps", apps));
  return git(workspace, "commit-tree", "-p", from, "-m", "Change", tree);
}

test.each(["..", ".git", ".GIT", ".", "a/../../../../../../b", `${"x".repeat(300)}`])(
  "a tree with an entry called %s is refused, the rest rendered",
  async (name) => {
    const stage = setStage();
    const before = around(stage.root);
    const head = commitHostile(stage.workspace, stage.main, name);
    git(stage.workspace, "update-ref", "--no-deref", "HEAD", head);
    const shown = await show(stage, { eventName: "pull_request", event: pullRequest(stage, head) });
    expectGood(shown);
    expect(shown.run.exitCode).toBe(1);
    const [finding] = findingsOf(shown, `apps/evil/${name}`);
    expect(finding?.rule).toMatch(/^render\/(escape|name|path-outside)$/);
    // A name that is a way of its own is no place anybody could go to.
    if (!name.includes("/")) expect(finding?.location?.path).toContain(`apps/evil/${name}`);
    expect(finding?.message).toContain(name.slice(0, 100));
    expect(around(stage.root)).toEqual(before);
    await strike(shown);
  },
);

test("what is swapped in the checkout while it is rendered changes nothing: commits are read", async () => {
  const stage = setStage();
  let swapped = false;
  const shown = await play({
    stage,
    head: kustomize("apps/web"),
    cancelWhen: (line) => {
      if (!swapped && line.includes("Choosing commits")) {
        swapped = true;
        renameSync(join(stage.workspace, "apps/web"), join(stage.workspace, "apps/old"));
        symlinkSync(join(stage.root, "outside"), join(stage.workspace, "apps/web"));
        writeFileSync(join(stage.workspace, "apps/good/settings.yaml"), manifest("swapped"));
      }
      return false;
    },
  });
  expect(swapped).toBe(true);
  expect(shown.run.exitCode, shown.run.stdout).toBe(0);
  expectGood(shown);
  expect(shown.published).not.toMatch(/swapped|outside/);
  await strike(shown);
});
