// A laptop and a job take the same words: every input of an action has an option of that name on its command, or a reason
// why it has none; and what an option cannot take is refused before anything is done.
import { join } from "node:path";
import type { Host } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { describe, expect, test } from "vitest";
import { spellings } from "../../packages/cli/src/arguments.ts";
import { cli, commands } from "../../packages/cli/src/cli.ts";
import type { Command, Option } from "../../packages/cli/src/command.ts";
import { commandHelp } from "../../packages/cli/src/help.ts";
import { listActions, readAction } from "../../scripts/generate/action.ts";
import { root } from "./source.ts";

/** The actions that a command runs. */
const actionsOf: Record<string, string[]> = {
  pr: ["render-overlays", "validate-schema", "policy-check"],
  render: ["render-overlays"],
  validate: ["render-overlays", "validate-schema"],
  policy: ["render-overlays", "policy-check"],
  drift: ["drift-report"],
  status: ["promote-env"],
  plan: ["promote-env"],
  promote: ["promote-env"],
  set: ["promote-env"],
  rollback: ["promote-env"],
  hold: ["promote-env"],
  resume: ["promote-env"],
};

/** Inputs without an option, and why. */
const everywhere: Record<string, string> = {
  path: "it is the argument",
  token:
    "what stands in a command line is read by every process: GITHUB_TOKEN or GH_TOKEN, or Git's own credentials",
  summary: "only a job has a summary",
  annotations: "only a job has annotations",
  operation: "it is the command",
};
const telling = "telling others is for jobs";
const board = ["tag", "digest", "version", "image", "to", "exact", "reason", "owner", "until"];
const except: Record<string, Record<string, string>> = {
  pr: {
    manifests: "it renders them",
    output: "the result is private to the run; gitops render keeps it",
    "ignore-filename-patterns": "for folders of manifests, and it has an index",
  },
  validate: { output: "the result is private to the run; gitops render keeps it" },
  policy: { output: "the result is private to the run; gitops render keeps it" },
  drift: {
    issue: telling,
    "allow-public-issue": telling,
    status: telling,
    webhook: telling,
    "webhook-format": telling,
  },
  ...Object.fromEntries(
    ["status", "plan", "promote"].map((name) => [
      name,
      Object.fromEntries(board.map((input) => [input, "operations that change one thing take it"])),
    ]),
  ),
  set: without(["to", "exact", "reason", "owner", "until", "reports"]),
  rollback: without(["tag", "digest", "version", "image", "reports"]),
  hold: without(["tag", "digest", "version", "image", "to", "exact", "reports"]),
  resume: without([...board, "reports"]),
};
for (const name of ["status", "plan"]) {
  except[name]!.labels = "it opens no pull request";
  for (const input of ["prove", "allow-remote-bases", "tools-from", "tools-mirror"])
    except[name]![input] = "it renders nothing";
}
for (const name of ["hold", "resume"])
  for (const input of ["prove", "allow-remote-bases", "tools-from", "tools-mirror"])
    except[name]![input] = "it changes nothing that is rendered";

function without(inputs: readonly string[]): Record<string, string> {
  return Object.fromEntries(inputs.map((input) => [input, "this operation has no use for it"]));
}

/** Options that are no input: what they are for. */
const own: Record<string, string> = {
  help: "every command",
  json: "how the result is printed",
  report: "where report.json goes",
  demo: "the example",
  "all-engines": "on a laptop, engines that take minutes to get are left out",
  manifests: "an input of validate-schema and policy-check",
  "kustomize-version": "promote-env takes the version that gitops.yaml names",
  "kustomize-path": "a laptop has one",
  "helm-version": "promote-env takes the version that gitops.yaml names",
  "helm-path": "a laptop has one",
};

const namesOf = ({ options }: Command) =>
  Object.entries(options).flatMap(([name, option]) => spellings(name, option));

test("every command of an action is held against it", async () => {
  expect(new Set(Object.values(actionsOf).flat())).toEqual(new Set(await listActions(root)));
});

describe.each(Object.keys(actionsOf))("gitops %s", async (name) => {
  const command = commands.find((each) => each.name === name)!;
  const inputs = new Map<string, { default?: string }>();
  for (const action of actionsOf[name]!)
    for (const [input, what] of Object.entries((await readAction(root, action)).inputs ?? {}))
      inputs.set(input, what);

  test("has an option for each input, or a reason why not", () => {
    const reasons = { ...everywhere, ...except[name] };
    const names = namesOf(command);
    for (const input of inputs.keys())
      expect(names.includes(input) !== Object.hasOwn(reasons, input), `${name} --${input}`).toBe(true);
    for (const input of Object.keys(except[name] ?? {})) expect([...inputs.keys()]).toContain(input);
  });

  test("has no option that is neither an input nor its own", () => {
    for (const [option, what] of Object.entries(command.options)) {
      const isInput = spellings(option, what).some((each) => inputs.has(each));
      expect(isInput || Object.hasOwn(own, option), `${name} --${option} gives nothing`).toBe(true);
      if (what.input) expect([...inputs.keys()]).toContain(what.input);
    }
  });

  test("has a switch on where the input is on", () => {
    for (const [option, what] of Object.entries(command.options)) {
      const standard = inputs.get(what.input ?? option)?.default;
      if (standard !== "true" && standard !== "false") continue;
      expect(what.type, option).toBe("boolean");
      expect(what.on === true, `--${option}`).toBe(standard === "true");
    }
  });

  test("says in its help what each option takes", () => {
    const help = commandHelp(command);
    for (const [option, { words = [], on, hidden }] of Object.entries(command.options)) {
      if (!hidden) expect(help).toContain(`--${on ? "no-" : ""}${option}`);
      for (const word of hidden ? [] : words) expect(help).toContain(word);
    }
  });
});

const nowhere: Host = {
  env: {},
  cwd: "/nonexistent/gitops-actions",
  cacheDir: "/nonexistent/cache",
  tempDir: "/nonexistent/temp",
  cores: 1,
  now: () => new Date(0),
  isTerminal: false,
};

/** What a command says where nothing can be done but refuse: no folder is there, and none can be made. */
async function refusal(...argv: string[]): Promise<string> {
  const streams = { stdout: { write: () => {} }, stderr: { write: () => {} } };
  const error = await cli(argv, nowhere, streams, new AbortController().signal).then(
    (status) => new Error(`it ended with ${status}`),
    (thrown: Error) => thrown,
  );
  expect(error, error.message).toBeInstanceOf(UsageError);
  return error.message;
}

/** What a command needs besides an option to be a command at all. */
const needed: Record<string, string[]> = {
  render: ["--out", "there"],
  set: ["--app", "a", "-e", "b", "--tag", "1"],
  rollback: ["--app", "a", "-e", "b"],
  hold: ["--app", "a", "-e", "b", "--reason", "x"],
  resume: ["--app", "a", "-e", "b"],
  origin: ["a", "b", "c"],
  schemas: ["add", "there"],
};

/** Every option that takes one of a few words, wherever it is: a word that is near one of them, and that one. */
const enumerated: Record<string, [string, string]> = {
  "fail-on": ["new", "newest"],
  "fail-on-severity": ["error", "eror"],
  "tools-from": ["release", "releas"],
  engines: ["", ""],
  packs: ["images", "image"],
  combine: ["auto", "atuo"],
  revision: ["applied", "aplied"],
  mode: ["server-dry-run", "server-dryrun"],
  strategy: ["pull-request", "pullrequest"],
};
const nearEngine: Record<string, [string, string]> = {
  pr: ["gatekeeper", "gatekeper"],
  policy: ["gatekeeper", "gatekeper"],
  validate: ["kubectl-validate", "kubectl-validat"],
};
/** Options whose value follows a form, with one that does not. */
const formed: Record<string, [string, RegExp]> = {
  "time-limit": ["soon", /whole number of seconds between 1 and 3600/],
  "memory-limit": ["1", /whole number of MiB between 64 and/],
  "sync-limit": ["an hour", /whole number of minutes/],
  "pending-grace": ["-1", /whole number of minutes|argument is ambiguous/],
  "kubernetes-versions": ["1.9", /There are schemas for 1\.32/],
  "missing-schemas": ["wrn", /fail, warn, or allow:.*Did you mean warn\?/],
  "schema-locations": ["https://example.com/{{.Kind}}.json", /\{\{\.ResourceKind\}\}/],
  "ignore-filename-patterns": ["(", /regular expression/],
  "policy-bundles": ["oci://example.com/policies:latest", /sha256/],
  "allow-remote-bases": ["https://github.com", /is not a host/],
  "kube-version": ["newest", /1\.35\.0/],
  "tools-mirror": ["mirror", /http/],
  "kustomize-version": ["1.0.0", /Known versions/],
  "kustomize-path": ["no/such", /no such file/],
  "helm-version": ["1.0.0", /Known versions/],
  "helm-path": ["no/such", /no such file/],
  "kubeconform-version": ["0.1.0", /Known versions/],
  "kubeconform-path": ["no/such", /no such file/],
  "kubectl-validate-version": ["0.0.1", /Known versions/],
  "kubectl-validate-path": ["no/such", /no such file/],
  "conftest-version": ["0.1.0", /Known versions/],
  "conftest-path": ["no/such", /no such file/],
  "kyverno-version": ["0.1.0", /Known versions/],
  "kyverno-path": ["no/such", /no such file/],
  "gator-version": ["0.1.0", /Known versions/],
  "gator-path": ["no/such", /no such file/],
  "gitleaks-version": ["0.1.0", /Known versions/],
  "gitleaks-path": ["no/such", /no such file/],
  "opa-version": ["0.1.0", /Known versions/],
  "opa-path": ["no/such", /no such file/],
  "gojq-version": ["0.1.0", /Known versions/],
  "gojq-path": ["no/such", /no such file/],
  "kubectl-version": ["0.1.0", /Known versions/],
  "kubectl-path": ["no/such", /no such file/],
  repository: ["fleet", /owner\/name/i],
  branch: ["a..b", /a branch, tag or commit/],
  digest: ["sha256:1", /64 hexadecimal digits/],
  version: ["a b", /letters, digits/],
  tag: ["a b", /letters, digits/],
  until: ["tomorrow", /2026-12-24T18:00:00Z/],
};
/** Options that take any text: names, patterns, paths and commits, which only the repository can tell. */
const free = new Set(
  (
    "base head overlay api-versions kustomize-build-args manifests out report crds allow-schema-hosts skip reject policy " +
    "allow-policy-hosts namespace data values-file exceptions environment cluster kubeconfig context hub-context owners " +
    "app labels reports image to reason owner into"
  ).split(" "),
);
/** Whether a command looks at its tools before anything else; `gitops tools` and the like have nothing else to do. */
const early = new Set(Object.keys(actionsOf));

const all = commands.flatMap((command) =>
  Object.entries(command.options)
    .filter(([, option]) => option.type === "string")
    .map(([name, option]): [string, string, Option] => [command.name, name, option]),
);

test.each(all)("gitops %s --%s is of a known kind", (command, name, option) => {
  const kinds = [Object.hasOwn(enumerated, name), Object.hasOwn(formed, name), free.has(name)];
  expect(kinds.filter(Boolean), `${command} --${name}`).toHaveLength(1);
  expect(option.words !== undefined).toBe(kinds[0]);
});

const worded = all.filter(([, , { words }]) => words);
test.each(worded)(
  "gitops %s --%s refuses another word before anything is done",
  async (command, name, option) => {
    const [meant, typed] = name === "engines" ? nearEngine[command]! : enumerated[name]!;
    const near = option.words!.includes(meant) ? [meant, typed] : [option.words![0]!, `${option.words![0]}x`];
    for (const spelling of spellings(name, option)) {
      const said = await refusal(command, ...(needed[command] ?? []), `--${spelling}`, near[1]!);
      expect(said).toContain(`--${name} ${near[1]}`);
      for (const word of option.words!) expect(said).toContain(word);
      expect(said).toContain(`did you mean ${near[0]}?`);
      expect(await refusal(command, ...(needed[command] ?? []), `--${spelling}`, "zzzzzzzz")).toContain(
        option.words!.join(", "),
      );
    }
  },
);

const shaped = all.filter(([command, name]) => Object.hasOwn(formed, name) && early.has(command));
test.each(shaped)(
  "gitops %s --%s refuses what has another form before anything is done",
  async (command, name) => {
    const [typed, expected] = formed[name]!;
    const besides = (needed[command] ?? []).join(" ").replace(`--${name} 1`, "").split(" ").filter(Boolean);
    const said = await refusal(command, ...besides, `--${name}=${typed}`);
    expect(said).toMatch(expected);
    expect(said).not.toContain("input '");
    expect(said).not.toContain(join(nowhere.cwd));
  },
);

test("a switch is written as a workflow writes it, too", async () => {
  for (const option of ["--no-strict", "--strict=false", "--strict", "--strict=true", "--no-fetch"])
    expect(await refusal("validate", option)).toContain("/nonexistent");
  expect(await refusal("validate", "--strict=yes")).toMatch(/does not take an argument/);
  expect(await refusal("validate", "--no-strickt")).toContain("did you mean --no-strict?");
});
