import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import { openRepository, packNames } from "@gitops-actions/engine";
import {
  checkSettings,
  engineNames,
  type PolicyInputs,
  type PolicyOutcome,
  readInputs,
  run,
} from "@gitops-actions/policy-check";
import { type Report, UsageError } from "@gitops-actions/report";
import { type Arguments, text } from "../arguments.ts";
import type { Command, Option, Terminal } from "../command.ts";
import { readTyped } from "../inputs.ts";
import { findManifests, withGaps } from "./manifests.ts";
import {
  failOnOption,
  limitOptions,
  renderInputs,
  renderOptions,
  reportOptions,
  severityOption,
  toolOptions,
  toolSourceOptions,
  typedTools,
} from "./options.ts";
import { type Saying, startSaying } from "./say.ts";

/** Options of every command that checks policies, but for `engines`. */
export const policyOptions = {
  policy: {
    type: "string",
    multiple: true,
    value: "PATH",
    help: "policies, in place of those that are found",
  },
  packs: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "built-in policies",
    words: packNames(),
    aliases: ["pack"],
  },
  "policy-bundles": {
    type: "string",
    multiple: true,
    value: "ADDRESS",
    help: "policies from oci://...@sha256:... or git::https://...?ref=COMMIT",
    aliases: ["policy-bundle"],
  },
  "allow-policy-hosts": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "where bundles may come from",
    aliases: ["allow-policy-host"],
  },
  namespace: { type: "string", multiple: true, value: "GLOB", help: "only these packages of Rego" },
  data: { type: "string", multiple: true, value: "PATH", help: "folder of values that Rego reads as data" },
  combine: {
    type: "string",
    value: "HOW",
    help: "whether Rego gets all resources of an environment together",
    words: ["auto", "true", "false"],
    standard: "auto",
  },
  "values-file": { type: "string", value: "FILE", help: "Kyverno's values, in the repository" },
  exceptions: {
    type: "string",
    value: "FILE",
    help: "exceptions, in the repository (default: .gitops/exceptions.yaml)",
  },
  "fail-on-warn": { type: "boolean", help: "warnings are errors" },
  "audit-warn": { type: "boolean", on: true, help: "what Kyverno policies in Audit mode find is an error" },
  "allow-network": { type: "boolean", help: "let Rego use http.send, net.lookup_ip_addr and opa.runtime" },
  ...toolOptions("conftest", "kyverno", "gator", "gitleaks"),
} satisfies Record<string, Option>;

/** The inputs of a policy check as they were typed; of `engines` only `words`, where those are given. Throws UsageError. */
export function policyInputs(
  args: Arguments,
  host: Host,
  manifests: string,
  path: string,
  words?: readonly string[],
): PolicyInputs {
  const more = { manifests: ".", ...(words && { engines: words.join(",") }) };
  const inputs = { ...readTyped(readInputs, args, host, more), manifests, path };
  checkSettings(inputs);
  return { ...inputs, tools: typedTools(inputs.tools, host) };
}

/**
 * Throws UsageError for a policy, values or exceptions that were named and are not there, before anything is rendered. At
 * another commit than the one on disk only the check itself can tell.
 */
export async function requirePolicyFiles(args: Arguments, path: string, host: Host): Promise<void> {
  if (text(args, "head") !== undefined) return;
  const named = ["policy", "data", "values-file", "exceptions"].flatMap((option) =>
    [args.flags[option] ?? []].flat().map((file) => ({ option, file: String(file) })),
  );
  if (named.length === 0) return;
  const repository = await openRepository(path, host);
  try {
    for (const { option, file } of named) {
      if (existsSync(join(repository.root, file))) continue;
      throw new UsageError(
        `--${option} ${file}: it is not in the repository. Name it relative to ${repository.root}.`,
      );
    }
  } finally {
    await repository.close();
  }
}

/** Checks policies and says what was found. */
export async function checkAndSay(
  inputs: PolicyInputs,
  saying: Saying,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
  rendering?: Report,
): Promise<void> {
  const { report } = await check(inputs, host, terminal, signal);
  const { failOn, failOnSeverity, allowEmpty } = inputs;
  saying.say(
    withGaps(report, rendering),
    { failOn, failOnSeverity, allowEmpty },
    join(host.tempDir, "checked"),
  );
}

/** The same where policies are one thing of several: a repository without any has nothing to be told. */
export async function checkIfAny(
  inputs: PolicyInputs,
  saying: Saying,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { report, policies } = await check(inputs, host, terminal, signal);
  const { failOn, failOnSeverity } = inputs;
  if (policies === 0) saying.tell("policy-check: there are no policies.\n");
  else saying.say(report, { failOn, failOnSeverity, allowEmpty: true }, join(host.tempDir, "checked"));
}

async function check(
  inputs: PolicyInputs,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PolicyOutcome> {
  const world = { host, progress: terminal.progress, signal, secretKey: randomBytes(32) };
  return await run(inputs, world);
}

/** `gitops policy`: do we want it? */
export const policy: Command = {
  name: "policy",
  usage: "[PATH]",
  summary:
    "Run a repository's policies (Rego, Kyverno, Gatekeeper, admission policies) over what it renders.",
  positionals: 1,
  options: {
    manifests: {
      type: "string",
      value: "PATH",
      help: "check this index.json or folder of YAML, instead of rendering PATH",
    },
    ...policyOptions,
    engines: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "only these",
      words: engineNames,
      aliases: ["engine"],
    },
    // All of them is what holds here; whoever knows the option from `gitops pr` may say so.
    "all-engines": { type: "boolean", help: "every engine for which there are policies", hidden: true },
    ...failOnOption,
    ...renderOptions,
    ...toolSourceOptions,
    ...limitOptions("120 to render, 300 for policies", "2048 to render, 4096 for policies"),
    ...severityOption,
    ...reportOptions,
  },
  async run(args, host, terminal, signal) {
    const saying = startSaying(args, host, terminal, false);
    const path = resolve(host.cwd, args.positionals[0] ?? ".");
    const inputs = policyInputs(args, host, "", path);
    if (text(args, "manifests") === undefined) await requirePolicyFiles(args, path, host);
    const manifests = await findManifests(args, renderInputs(args, host), host, terminal, signal);
    const { path: where, rendering } = manifests;
    await checkAndSay({ ...inputs, manifests: where }, saying, host, terminal, signal, rendering);
    return saying.end();
  },
};
