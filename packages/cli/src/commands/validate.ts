import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import {
  defaults,
  parseEngines,
  parseMissingSchemas,
  run,
  type ValidateInputs,
} from "@gitops-actions/validate-schema";
import { type Arguments, type Command, list, type Option, type Terminal, text } from "../command.ts";
import { findManifests } from "./manifests.ts";
import { choice, renderOptions, toolSettings } from "./options.ts";
import { type Saying, startSaying } from "./say.ts";

/** Options of every command that validates. */
export const validateOptions = {
  "kubernetes-versions": {
    type: "string",
    multiple: true,
    value: "VERSION",
    help: "validate against this Kubernetes version (default: 1.37); may be repeated",
  },
  "missing-schemas": {
    type: "string",
    value: "WHAT",
    help: "for kinds without a schema: fail, warn, or allow: KIND, ... (default: fail)",
  },
  "schema-locations": {
    type: "string",
    multiple: true,
    value: "TEMPLATE",
    help: "where more schemas are, as kubeconform's -schema-location",
  },
  "allow-schema-hosts": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "hosts that schemas may be fetched from",
  },
  engines: {
    type: "string",
    value: "NAMES",
    help: "kubeconform (default), or kubeconform,kubectl-validate: rules in CEL of custom resources too",
  },
  skip: { type: "string", multiple: true, value: "KIND", help: "kinds that are not validated" },
  "fail-on": { type: "string", value: "WHICH", help: "findings that fail: new, all or none (default: new)" },
} satisfies Record<string, Option>;

/** The inputs of a validation as the command line gives them. */
export function validateInputs(args: Arguments, manifests: string, path: string): ValidateInputs {
  const versions = list(args, "kubernetes-versions").flatMap((each) =>
    each.split(",").map((word) => word.trim()),
  );
  return {
    ...defaults,
    manifests,
    path,
    fetch: args.flags["no-fetch"] !== true,
    kubernetesVersions: versions.length > 0 ? versions : defaults.kubernetesVersions,
    engines: parseEngines(
      (text(args, "engines") ?? "")
        .split(",")
        .map((word) => word.trim())
        .filter(Boolean),
    ),
    missingSchemas: parseMissingSchemas(text(args, "missing-schemas") ?? ""),
    schemaLocations: list(args, "schema-locations"),
    allowSchemaHosts: list(args, "allow-schema-hosts"),
    skip: list(args, "skip"),
    allowEmpty: args.flags["allow-empty"] === true,
    failOn: choice(args, "fail-on", ["new", "all", "none"], defaults.failOn),
    failOnSeverity: choice(args, "fail-on-severity", ["error", "warning", "notice"], defaults.failOnSeverity),
    tools: toolSettings(args),
  };
}

/** Validates manifests and says what was found. */
export async function validateAndSay(
  inputs: ValidateInputs,
  saying: Saying,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const world = { host, progress: terminal.progress, signal, secretKey: randomBytes(32) };
  const { report } = await run(inputs, world);
  const { failOn, failOnSeverity, allowEmpty } = inputs;
  saying.say(report, { failOn, failOnSeverity, allowEmpty }, join(host.tempDir, "validated"));
}

/** `gitops validate`: would an API server take it? */
export const validate: Command = {
  name: "validate",
  usage: "[PATH]",
  summary: "Say whether API servers of given versions would accept what a repository renders.",
  positionals: 1,
  options: {
    manifests: {
      type: "string",
      value: "PATH",
      help: "validate this index.json or folder of YAML, instead of rendering PATH",
    },
    ...validateOptions,
    ...renderOptions,
  },
  async run(args, host, terminal, signal) {
    const saying = startSaying(args, host, terminal, false);
    const path = resolve(host.cwd, args.positionals[0] ?? ".");
    const manifests = await findManifests(args, host, terminal, signal);
    for (const { id, message } of manifests.failed)
      terminal.err(`not rendered, so not validated: ${id}: ${message}
`);
    await validateAndSay(validateInputs(args, manifests.path, path), saying, host, terminal, signal);
    return saying.end();
  },
};
