import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Repository, runGit } from "@gitops-actions/engine";
import {
  defaults,
  formatChangesMarkdown,
  type RenderInputs,
  type RenderOutcome,
  run as render,
} from "@gitops-actions/render-overlays";
import { type MarkdownSection, ToolError } from "@gitops-actions/report";
import type { PromoteWorld } from "./world.ts";

/** What rendering before and after a commit showed. */
export interface Proof {
  /** Ids of the overlays whose result changed. */
  changed: string[];
  /** Of those, what is neither of the apps nor of the environment that were meant. */
  others: string[];
  /** Overlays that could not be rendered, so that nothing is known of them. */
  unknown: string[];
  section: MarkdownSection;
}

/** What a change is meant to reach. */
export interface Aim {
  /** Undefined: all of the environment. */
  apps: readonly string[] | undefined;
  environment: string;
}

/**
 * Renders what a commit touches before and after it, with the real tools, and tells which overlays changed. The commit
 * need not have been pushed. Throws ToolError when the tools cannot be had.
 */
export async function prove(
  repository: Repository,
  commits: { base: string; head: string },
  aim: Aim,
  tools: Pick<RenderInputs, "tools" | "kustomizeBuildArgs" | "allowRemoteBases">,
  world: PromoteWorld,
): Promise<Proof> {
  // Everything of this render lies in a folder of its own: a run proves several changes.
  const tempDir = mkdtempSync(join(world.host.tempDir, "proof-"));
  try {
    const path = await borrow(repository, commits, tempDir);
    const host = { ...world.host, tempDir, env: { ...world.host.env, GITHUB_WORKSPACE: path } };
    const range = { baseRef: commits.base, headRef: commits.head, fetch: false };
    const { event: _, ...rest } = world;
    const outcome = await render(
      { ...defaults, ...tools, ...range, path, allowEmpty: true },
      { ...rest, host },
    );
    return judge(outcome, aim);
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
}

function judge(outcome: RenderOutcome, aim: Aim): Proof {
  const byId = new Map(outcome.index.overlays.map((overlay) => [overlay.id, overlay]));
  // On a branch that holds one environment its overlays need not say which.
  const meant = (id: string) => {
    const { app, environment } = byId.get(id) ?? {};
    return (
      (environment === undefined || environment === aim.environment) &&
      (app === undefined || !aim.apps || aim.apps.includes(app))
    );
  };
  const failed = outcome.index.overlays
    .filter(({ status }) => status === "failed" || status === "rejected")
    .map(({ id }) => id);
  return {
    changed: outcome.changed,
    others: outcome.changed.filter((id) => !meant(id)),
    unknown: failed,
    section: formatChangesMarkdown(outcome.changes),
  };
}

/** A bare repository of this run's own that sees the objects of the checkout and of our store. */
async function borrow(
  repository: Repository,
  { base, head }: { base: string; head: string },
  folder: string,
): Promise<string> {
  const { machine, store, commonDir, objectFormat } = repository;
  const path = join(folder, "repository.git");
  const git = async (args: readonly string[]) => {
    const result = await runGit(machine, args);
    if (result.exitCode !== 0)
      throw new ToolError(
        "git/proof",
        `a repository to render in could not be made: ${result.stderr.trim()}`,
      );
  };
  await git(["init", "--quiet", "--bare", `--object-format=${objectFormat}`, path]);
  const quoted = [join(store, "objects"), join(commonDir, "objects")].map((folder) => JSON.stringify(folder));
  writeFileSync(join(path, "objects/info/alternates"), `${quoted.join("\n")}\n`);
  if (existsSync(join(store, "shallow"))) copyFileSync(join(store, "shallow"), join(path, "shallow"));
  await git(["--git-dir", path, "update-ref", "refs/heads/base", base]);
  await git(["--git-dir", path, "update-ref", "refs/heads/head", head]);
  await git(["--git-dir", path, "symbolic-ref", "HEAD", "refs/heads/head"]);
  return path;
}
