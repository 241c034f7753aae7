import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface RunnerFolders {
  home: string;
  temp: string;
  toolCache: string;
  output: string;
  state: string;
  env: string;
  path: string;
  summary: string;
  event: string;
}

/** The folders and empty files that a runner makes for a step, all under `root`. */
export function makeFolders(root: string, event: unknown): RunnerFolders {
  const files = join(root, "temp/_runner_file_commands");
  const folders: RunnerFolders = {
    home: join(root, "home"),
    temp: join(root, "temp"),
    toolCache: join(root, "toolcache"),
    output: join(files, "set_output"),
    state: join(files, "save_state"),
    env: join(files, "set_env"),
    path: join(files, "add_path"),
    summary: join(files, "step_summary"),
    event: join(root, "temp/_github_workflow/event.json"),
  };
  for (const folder of [folders.home, folders.toolCache, files, dirname(folders.event)]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const file of [folders.output, folders.state, folders.env, folders.path, folders.summary])
    writeFileSync(file, "");
  writeFileSync(folders.event, typeof event === "string" ? event : JSON.stringify(event ?? {}));
  return folders;
}

/** Secrets that a runner puts into the environment of a JavaScript action, unique to one run, so that leaks can be found. */
export function makeCanaries(): Record<string, string> {
  // Letters that no format escapes or breaks up: a leak must be found in Markdown, XML and JSON alike.
  const letters = () =>
    randomBytes(12)
      .toString("hex")
      .replace(/./g, (digit) => "ghjkmnpqrstvwxyz"[Number.parseInt(digit, 16)]!);
  const canary = (name: string) => `canary${name}${letters()}`;
  return {
    ACTIONS_RUNTIME_TOKEN: canary("runtime"),
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: canary("oidc"),
    INPUT_TOKEN: canary("token"),
    GITOPS_TEST_CANARY: canary("environment"),
  };
}

export interface EnvironmentOptions {
  folders: RunnerFolders;
  workspace: string;
  eventName: string;
  event: unknown;
  inputs: Record<string, string>;
  canaries: Record<string, string>;
  env: Record<string, string | undefined>;
  nodeDir: string;
}

/** The environment of a JavaScript action (docs.github.com, "Variables reference"; HandlerFactory and NodeScriptActionHandler). */
export function makeEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { folders, workspace, eventName, canaries, nodeDir } = options;
  const event = options.event as EventFacts | undefined;
  const head =
    event?.pull_request?.head?.sha ?? event?.merge_group?.head_sha ?? event?.after ?? "0".repeat(40);
  const inputs = Object.entries(options.inputs).map(([name, value]) => [
    `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`,
    value,
  ]);
  const env: Record<string, string | undefined> = {
    PATH: `${nodeDir}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: folders.home,
    LANG: "C.UTF-8",
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "gitops",
    GITHUB_ACTOR: "octocat",
    GITHUB_API_URL: "https://api.github.invalid",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_GRAPHQL_URL: "https://api.github.invalid/graphql",
    GITHUB_REPOSITORY: "octo-org/octo-repo",
    GITHUB_REPOSITORY_OWNER: "octo-org",
    GITHUB_WORKFLOW: "test",
    GITHUB_JOB: "test",
    GITHUB_RUN_ID: "1658821493",
    GITHUB_RUN_NUMBER: "3",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_RETENTION_DAYS: "90",
    GITHUB_SHA: head,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_EVENT_PATH: folders.event,
    GITHUB_WORKSPACE: workspace,
    GITHUB_OUTPUT: folders.output,
    GITHUB_STATE: folders.state,
    GITHUB_ENV: folders.env,
    GITHUB_PATH: folders.path,
    GITHUB_STEP_SUMMARY: folders.summary,
    RUNNER_OS: "Linux",
    RUNNER_ARCH: process.arch === "arm64" ? "ARM64" : "X64",
    RUNNER_NAME: "GitHub Actions 1",
    RUNNER_ENVIRONMENT: "github-hosted",
    RUNNER_TEMP: folders.temp,
    RUNNER_TOOL_CACHE: folders.toolCache,
    RUNNER_WORKSPACE: join(workspace, ".."),
    ACTIONS_RUNTIME_URL: "https://pipelines.actions.invalid/",
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://oidc.actions.invalid/",
    ...canaries,
    ...Object.fromEntries(inputs),
    ...options.env,
  };
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

interface EventFacts {
  after?: string;
  pull_request?: { head?: { sha?: string } };
  merge_group?: { head_sha?: string };
}
