import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainFolderTree } from "@gitops-actions/engine";
import { defaultConfig, discover, loadConfig } from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Demo, makeDemo } from "../../../packages/cli/src/demo.ts";
import { gitWith, type Outcome, run, toolPath } from "./programs.ts";

const root = join(import.meta.dirname, "../../..");
const examples = join(root, "examples");
const environments = ["dev", "staging", "prod"];

const folders: string[] = [];
let demo: Demo;
let kustomize: string;
let helm: string;

beforeAll(async () => {
  [kustomize, helm] = await Promise.all([
    toolPath("kustomize", await newFolder()),
    toolPath("helm", await newFolder()),
  ]);
  demo = await makeDemo(await newFolder(), examples, gitWith({}));
});

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gitops-demo-"));
  folders.push(folder);
  return folder;
}

async function git(...args: string[]): Promise<string> {
  return gitWith({})(args, { cwd: demo.repository, env: {} });
}

/** The files of a commit in a folder of their own. */
async function checkOut(commit: string): Promise<string> {
  const folder = await newFolder();
  await git("worktree", "add", "--quiet", "--detach", folder, commit);
  return folder;
}

/** What a person would type for each overlay: every kustomization no other refers to, and the chart thrice. */
async function renderAll(folder: string): Promise<Map<string, Outcome>> {
  const results = new Map<string, Outcome>();
  for (const app of (await readdir(join(folder, "apps"))).sort()) {
    const overlays = await readdir(join(folder, "apps", app, "overlays")).catch(() => []);
    for (const overlay of overlays.sort()) {
      const path = `apps/${app}/overlays/${overlay}`;
      results.set(path, await run(kustomize, ["build", path], folder));
    }
  }
  for (const environment of environments) {
    const values = `apps/payments/values-${environment}.yaml`;
    const args = ["template", "payments", "apps/payments", "--values", values, "--namespace", "payments"];
    results.set(`apps/payments@${environment}`, await run(helm, args, folder));
  }
  results.set("platform/trust-bundle", await run(kustomize, ["build", "platform/trust-bundle"], folder));
  return results;
}

describe("the example repository", () => {
  test("has the same commit ids on every machine", async () => {
    // Everything that could change an id: the user's configuration, ignore rules, line endings, modes, time zone.
    const home = await newFolder();
    await writeFile(join(home, ".gitignore"), "*.yaml\n");
    await writeFile(join(home, ".gitattributes"), "* text eol=crlf\n");
    await writeFile(
      join(home, ".gitconfig"),
      `[core]\n autocrlf = true\n excludesFile = ${home}/.gitignore\n attributesFile = ${home}/.gitattributes\n` +
        "[commit]\n gpgSign = true\n[init]\n defaultBranch = trunk\n defaultObjectFormat = sha256\n" +
        "[user]\n name = Somebody Else\n email = else@example.com\n",
    );
    const source = join(await newFolder(), "examples");
    await cp(examples, source, { recursive: true });
    await chmod(join(source, "fleet/gitops.yaml"), 0o755);
    const hostile = gitWith({ HOME: home, TZ: "Asia/Kathmandu", GIT_AUTHOR_DATE: "2001-01-01T00:00:00Z" });
    const other = await makeDemo(join(await newFolder(), "new"), source, hostile);
    const ids = (await git("rev-parse", "main", demo.head)).split("\n");
    const otherIds = await gitWith({})(["rev-parse", "main", demo.head], { cwd: other.repository, env: {} });
    expect(otherIds.split("\n")).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f]{40}$/);
  });

  test("holds examples/fleet at the tip of main, all of it", async () => {
    const files = (await readdir(join(examples, "fleet"), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(examples, "fleet/").length));
    expect(await git("ls-tree", "-r", "--name-only", "-z", "main")).toBe(
      files
        .sort()
        .map((path) => `${path}\0`)
        .join(""),
    );
    const ids = await git(
      "hash-object",
      "--no-filters",
      ...files.map((path) => join(examples, "fleet", path)),
    );
    expect(await git("ls-tree", "-r", "--format=%(objectname)", "main")).toBe(ids);
  });

  test("has the pull request checked out, three commits over main, and nothing uncommitted", async () => {
    expect(demo).toMatchObject({ base: "main", head: "feature/winter-sale" });
    expect((await git("branch", "--show-current")).trim()).toBe(demo.head);
    expect((await git("rev-list", "--count", `${demo.base}..${demo.head}`)).trim()).toBe("3");
    expect((await git("merge-base", demo.base, demo.head)).trim()).toBe(
      (await git("rev-parse", "main")).trim(),
    );
    expect(await git("status", "--porcelain")).toBe("");
    expect(await git("fsck", "--strict")).toBe("");
  });

  test("has a history in which each version went up, one pull request an environment", async () => {
    const log = await git("log", "--format=%s", "main", "--", "apps/storefront/overlays");
    expect(log.trim().split("\n")).toEqual([
      "storefront 2.8.0-rc.1 to dev",
      "storefront 2.7.1 to staging",
      "storefront 2.7.1 to dev",
      "storefront 2.7.0 to prod",
      "Move the storefront here from its own repository",
    ]);
  });

  test("is refused in a folder that holds something, which stays as it is", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "mine"), "keep");
    await expect(makeDemo(folder, examples, gitWith({}))).rejects.toThrow(UsageError);
    expect(await readdir(folder)).toEqual(["mine"]);
  });

  test("is explained where the examples were left out of an archive", async () => {
    const folder = await newFolder();
    const attempt = makeDemo(join(folder, "new"), join(folder, "examples"), gitWith({}));
    await expect(attempt).rejects.toThrow(
      /release archives .* do not carry it.*Name a repository of your own/,
    );
    await expect(attempt).rejects.toThrow(UsageError);
    expect(await readdir(folder)).toEqual([]);
  });

  test("says which replacement no longer fits when the fleet was edited and the history was not", async () => {
    const source = join(await newFolder(), "examples");
    await cp(examples, source, { recursive: true });
    const path = "apps/storefront/overlays/staging/kustomization.yaml";
    const text = await readFile(join(source, "fleet", path), "utf8");
    await writeFile(join(source, "fleet", path), text.replace("newTag: 2.7.1", "newTag: 2.7.2"));
    const attempt = makeDemo(await newFolder(), source, gitWith({}));
    await expect(attempt).rejects.toThrow(
      `examples/history.yaml: ${path} should hold "newTag: 2.7.1" once, found 0`,
    );
  });
});

describe("main", () => {
  test("renders, every overlay of it", async () => {
    const results = await renderAll(await checkOut("main"));
    expect([...results.keys()].sort()).toEqual(
      [
        ...["notifications", "storefront"].flatMap((app) =>
          environments.map((e) => `apps/${app}/overlays/${e}`),
        ),
        ...environments.map((environment) => `apps/payments@${environment}`),
        "platform/trust-bundle",
      ].sort(),
    );
    for (const [overlay, { status, stdout, stderr }] of results) {
      expect({ overlay, status, stderr }).toEqual({ overlay, status: 0, stderr: "" });
      for (const document of parseAllDocuments(stdout)) {
        expect(document.errors).toEqual([]);
        if (document.contents !== null) expect(document.get("kind")).toEqual(expect.any(String));
      }
    }
  });
});

describe("the pull request", () => {
  let results: Map<string, Outcome>;
  const rendered = (overlay: string): string => results.get(overlay)!.stdout;

  beforeAll(async () => {
    results = await renderAll(await checkOut(demo.head));
  });

  test("breaks exactly the overlays it means to break", () => {
    const failed = [...results].filter(([, { status }]) => status !== 0);
    const reasons = failed.map(([overlay, { stderr }]) => [overlay, stderr]);
    expect(reasons).toEqual([
      [
        "apps/storefront/overlays/preview",
        expect.stringContaining("https://github.com/org/maintenance-page"),
      ],
      [
        "apps/storefront/overlays/staging",
        expect.stringContaining("no matches for Id HorizontalPodAutoscaler"),
      ],
      ["platform/trust-bundle", expect.stringMatching(/security|no such file/)],
    ]);
  });

  test("changes every overlay on the shared base, two of them as meant", () => {
    const reached = [...results].filter(([, { stdout }]) => /terminationGracePeriodSeconds: 60/.test(stdout));
    expect(reached.map(([overlay]) => overlay)).toEqual([
      "apps/notifications/overlays/dev",
      "apps/notifications/overlays/prod",
      "apps/notifications/overlays/staging",
      "apps/storefront/overlays/dev",
      "apps/storefront/overlays/prod",
    ]);
    expect(rendered("apps/storefront/overlays/dev")).toContain(
      "image: registry.example.com/shop/storefront:2.8.0\n",
    );
    expect(rendered("apps/notifications/overlays/prod")).toContain("replicas: 5\n");
  });

  test("renames the key of a generated ConfigMap that the Deployment still asks for by its old name", () => {
    const output = rendered("apps/storefront/overlays/dev");
    expect(output).toMatch(/^ {2}catalog-base-url: /m);
    expect(output).toMatch(/key: catalog-url$/m);
  });

  test("has the mistakes that later checks are to find, where they render", () => {
    expect(rendered("apps/storefront/overlays/prod")).toContain("imagePullPolice: Always\n");
    expect(rendered("apps/payments@staging")).toMatch(/ {6}port: http\n {6}targetPort: http\n/);
    expect(rendered("apps/payments@staging")).toContain("containerPort: http\n");
    expect(rendered("apps/payments@prod")).toContain("containerPort: 8080\n");
    expect(rendered("apps/notifications/overlays/staging")).toContain("maxDeliveries: twenty\n");
    expect(rendered("apps/notifications/overlays/prod")).toMatch(
      /retention: 1h\n.*\n {2}visibilityTimeout: 2h\n/,
    );
  });

  test("leads out of the repository by one link and by no other", async () => {
    const links = (await git("ls-tree", "-r", demo.head))
      .split("\n")
      .filter((line) => line.startsWith("120000"));
    expect(links).toEqual([expect.stringMatching(/\tplatform\/trust-bundle\/company-ca\.crt$/)]);
    expect(await git("cat-file", "blob", `${demo.head}:platform/trust-bundle/company-ca.crt`)).toMatch(/^\//);
  });

  test("changes the value of one Secret, which keeps its name", async () => {
    const secret = (output: string) => /^ {2}relay: (.+)$/m.exec(output)?.[1];
    const dev = "apps/notifications/overlays/dev";
    const before = await run(kustomize, ["build", dev], await checkOut("main"));
    expect(secret(rendered(dev))).toMatch(/^[\w+/]+=*$/);
    expect(secret(rendered(dev))).not.toBe(secret(before.stdout));
    expect(
      [before.stdout, rendered(dev)].map(
        (text) => /^kind: Secret\nmetadata:\n(?: {4}.*\n| {2}labels:\n)* {2}name: (\S+)$/m.exec(text)?.[1],
      ),
    ).toEqual(["notifications-mail", "notifications-mail"]);
    expect(await git("diff", "--name-only", demo.base, demo.head, "--", "*.enc.yaml")).toBe("");
  });
});

describe("discovery", () => {
  const listed = [
    ...["notifications", "storefront"].flatMap((app) => environments.map((e) => `apps/${app}/overlays/${e}`)),
    ...environments.map((environment) => `apps/payments@${environment}`),
    ...environments.flatMap((environment) => [
      `clusters/${environment}`,
      `platform/namespaces/${environment}`,
    ]),
    "platform/crds",
    "platform/trust-bundle",
  ].sort();

  test("finds the fleet, and each environment, with gitops.yaml", async () => {
    const tree = await plainFolderTree(join(examples, "fleet"));
    const { overlays, noticed, problems } = await discover(tree, await loadConfig(tree));
    expect(overlays.map(({ id }) => id).sort()).toEqual(listed);
    expect(problems).toEqual([]);
    // What Flux and Argo CD take from elsewhere is listed too; of our own files, these are not rendered.
    const own = noticed.filter(({ code }) => code !== "remote-source");
    expect(own.map(({ path }) => path)).toEqual([
      "infrastructure",
      "policies/admission",
      "policies/gatekeeper",
      "policies/kyverno",
    ]);
    for (const { id, environment } of overlays) {
      if (/dev|staging|prod/.test(id)) expect(id).toMatch(new RegExp(`[/@]${environment}$`));
      else expect({ id, environment }).toEqual({ id, environment: undefined });
    }
  });

  test("finds the same without gitops.yaml", async () => {
    const { overlays } = await discover(await plainFolderTree(join(examples, "fleet")), defaultConfig());
    expect(overlays.map(({ id }) => id)).toEqual(expect.arrayContaining(listed));
  });
});

test("what the README says `npm start` prints is what it prints", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const shown = /<!-- output -->[\s\S]*?```text\n([\s\S]*?)```/.exec(readme)![1]!;
  const cli = join(root, "packages/cli/src/main.ts");
  const { HOME, XDG_CACHE_HOME } = process.env;
  const { stdout } = await run(process.execPath, [cli, "pr", "--demo"], root, { HOME, XDG_CACHE_HOME });
  const printed = stdout.split("\n");
  let from = 0;
  for (const line of shown.split("\n").filter((each) => each !== "" && each !== "...")) {
    const at = printed.indexOf(line, from);
    expect(at, `${line}\nis not what follows line ${from} of\n${stdout}`).toBeGreaterThanOrEqual(from);
    from = at + 1;
  }
});
