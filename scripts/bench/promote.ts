import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Racer, race } from "./race.ts";

const environments = ["dev", "test", "staging", "prod"];
const bundle = join(import.meta.dirname, "../../build/dist/gitops/index.js");
const settings = `version: 1
environments:
  - dev
  - {name: test, from: dev}
  - {name: staging, from: test}
  - {name: prod, from: staging}
overlays: ["apps/{app}/overlays/{environment}"]
promotion:
  gates:
    "*": {soak: 1h, times: committed}
`;

/**
 * Times `gitops status` over the whole past of repositories of so many commits, with `apps` apps in four environments,
 * each commit moving one version: what a scheduled job does. Prints a table; the columns grow with what changed.
 */
export async function racePromotion(
  folder: string,
  apps: number,
  commits: readonly number[],
  rounds: number,
): Promise<void> {
  const field = commits.map((count): Racer => {
    const clone = makeRepository(join(folder, `promote-${apps}-${count}`), apps, count);
    return {
      name: `gitops status, ${count} commits`,
      group: String(count),
      command: process.execPath,
      // Named, because a command that npm started takes the folder npm was started in for its own.
      args: [bundle, "status", clone],
      cwd: clone,
      prepare: () => {},
    };
  });
  await race(`${apps} apps, ${environments.length} environments`, field, rounds);
}

/** A bare repository with a history, and a clone of it. */
function makeRepository(folder: string, apps: number, commits: number): string {
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  git("init", "-q", "--bare", "-b", "main", "fleet.git");
  execFileSync("git", ["fast-import", "--quiet"], {
    cwd: join(folder, "fleet.git"),
    input: historyOf(apps, commits),
    maxBuffer: 1 << 30,
  });
  git("clone", "-q", "fleet.git", "clone");
  return join(folder, "clone");
}

function historyOf(apps: number, commits: number): string {
  const name = (app: number) => `app-${String(app).padStart(4, "0")}`;
  const file = (path: string, text: string) =>
    `M 644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  const overlay = (app: number, environment: string, version: number) =>
    file(
      `apps/${name(app)}/overlays/${environment}/kustomization.yaml`,
      `resources: [../../base]\nnamespace: ${environment}\nimages:\n  - name: registry.example.com/${name(app)}\n    newTag: 1.${version}.0\nreplicas:\n  - {name: web, count: 2}\n`,
    );
  let clock = Date.UTC(2026, 0, 1) / 1000;
  const commit = (subject: string, changes: string) => {
    clock += 60;
    return `commit refs/heads/main\ncommitter Bench <bench@example.com> ${clock} +0000\ndata ${subject.length}\n${subject}\n${changes}\n`;
  };
  const first = [file("gitops.yaml", settings)];
  const versions = new Map<string, number>();
  for (let app = 0; app < apps; app++) {
    first.push(
      file(`apps/${name(app)}/base/kustomization.yaml`, "resources: [deployment.yaml]\n"),
      file(
        `apps/${name(app)}/base/deployment.yaml`,
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: registry.example.com/${name(app)}}]}}}\n`,
      ),
      ...environments.map((environment) => overlay(app, environment, 1)),
    );
  }
  const parts = [commit("fleet", first.join(""))];
  for (let index = 1; index < commits; index++) {
    // Spread over apps and environments by a fixed pattern: two runs measure the same.
    const app = (index * 37) % apps;
    const environment = environments[(index * 7 + Math.floor(index / apps)) % environments.length]!;
    const version = (versions.get(`${app} ${environment}`) ?? 1) + 1;
    versions.set(`${app} ${environment}`, version);
    parts.push(commit(`Set ${name(app)} in ${environment}`, overlay(app, environment, version)));
  }
  return parts.join("");
}
