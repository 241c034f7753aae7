import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import { packNames } from "@gitops-actions/engine";
import {
  defaults,
  engineNames,
  type PolicyInputs,
  type PolicyOutcome,
  parseNames,
  run,
} from "@gitops-actions/policy-check";
import { type Arguments, type Command, flag, list, type Option, type Terminal } from "../command.ts";
import { findManifests } from "./manifests.ts";
import { choice, renderOptions, toolSettings } from "./options.ts";
import { type Saying, startSaying } from "./say.ts";

/** Options of every command that checks policies. */
export const policyOptions = {
  policy: {
    type: "string",
    multiple: true,
    value: "PATH",
    help: "policies, in place of those that are found",
  },
  pack: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: `built-in policies: ${packNames().join(", ")}`,
  },
  "policy-bundle": {
    type: "string",
    multiple: true,
    value: "ADDRESS",
    help: "policies from oci://...@sha256:... or git::https://...?ref=COMMIT",
  },
  "allow-policy-host": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "where bundles may come from",
  },
  engine: { type: "string", multiple: true, value: "NAME", help: `only these: ${engineNames.join(", ")}` },
  namespace: { type: "string", multiple: true, value: "GLOB", help: "only these packages of Rego" },
  data: { type: "string", multiple: true, value: "PATH", help: "folder of values that Rego reads as data" },
  "fail-on-warn": { type: "boolean", help: "warnings are errors" },
} satisfies Record<string, Option>;

/** The inputs of a policy check as the command line gives them. */
export function policyInputs(args: Arguments, manifests: string, path: string): PolicyInputs {
  const engines = parseNames(list(args, "engine"), "--engine", engineNames);
  return {
    ...defaults,
    manifests,
    path,
    fetch: args.flags["no-fetch"] !== true,
    policy: list(args, "policy"),
    policyBundles: list(args, "policy-bundle"),
    allowPolicyHosts: list(args, "allow-policy-host").map((name) => name.toLowerCase()),
    packs: parseNames(list(args, "pack"), "--pack", packNames()),
    engines: engines.length > 0 ? engines : defaults.engines,
    namespace: list(args, "namespace"),
    data: list(args, "data"),
    failOnWarn: flag(args, "fail-on-warn"),
    allowEmpty: flag(args, "allow-empty"),
    failOn: choice(args, "fail-on", ["new", "all", "none"], defaults.failOn),
    failOnSeverity: choice(args, "fail-on-severity", ["error", "warning", "notice"], defaults.failOnSeverity),
    tools: { ...toolSettings(args), versions: {}, paths: {} },
  };
}

/** Checks policies and says what was found. */
export async function checkAndSay(
  inputs: PolicyInputs,
  saying: Saying,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { report } = await check(inputs, host, terminal, signal);
  const { failOn, failOnSeverity, allowEmpty } = inputs;
  saying.say(report, { failOn, failOnSeverity, allowEmpty }, join(host.tempDir, "checked"));
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
    "fail-on": {
      type: "string",
      value: "WHICH",
      help: "findings that fail: new, all or none (default: new)",
    },
    ...renderOptions,
  },
  async run(args, host, terminal, signal) {
    const saying = startSaying(args, host, terminal, false);
    const path = resolve(host.cwd, args.positionals[0] ?? ".");
    const manifests = await findManifests(args, host, terminal, signal);
    await checkAndSay(policyInputs(args, manifests.path, path), saying, host, terminal, signal);
    return saying.end();
  },
};
