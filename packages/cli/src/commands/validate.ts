import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { type Host, workspaceOf } from "@gitops-actions/action";
import type { Report } from "@gitops-actions/report";
import {
  checkSettings,
  defaults,
  readInputs,
  run,
  schemaEngines,
  type ValidateInputs,
} from "@gitops-actions/validate-schema";
import type { Arguments } from "../arguments.ts";
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

/** Options of every command that validates, but for `engines`. */
export const validateOptions = {
  "kubernetes-versions": {
    type: "string",
    multiple: true,
    value: "VERSION",
    help: "Kubernetes versions whose API servers should accept what is rendered",
    standard: defaults.kubernetesVersions.join(", "),
    aliases: ["kubernetes-version"],
  },
  strict: { type: "boolean", on: true, help: "let unknown fields and keys that stand twice pass" },
  crds: {
    type: "string",
    multiple: true,
    value: "DIR",
    help: "folders with CustomResourceDefinitions (default: the whole repository)",
  },
  "missing-schemas": {
    type: "string",
    value: "WHAT",
    help: "for kinds without a schema: fail, warn, or allow: KIND, ... (default: fail)",
  },
  "ignore-missing-schemas": { type: "boolean", help: 'the same as --missing-schemas "allow: *"' },
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
  skip: { type: "string", multiple: true, value: "KIND", help: "kinds that are not validated" },
  reject: { type: "string", multiple: true, value: "KIND", help: "kinds that must not be there at all" },
  ...toolOptions("kubeconform", "kubectl-validate"),
} satisfies Record<string, Option>;

/** What evaluates, of a command that only validates. */
const enginesOption = {
  engines: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: "kubectl-validate, besides kubeconform, evaluates rules in CEL of custom resources",
    words: schemaEngines,
    standard: "kubeconform",
    aliases: ["engine"],
  },
} as const satisfies Record<string, Option>;

/** The inputs of a validation as they were typed; of `engines` only `words`, where those are given. Throws UsageError. */
export function validateInputs(
  args: Arguments,
  host: Host,
  manifests: string,
  path: string,
  words?: readonly string[],
): ValidateInputs {
  const more = { manifests: ".", ...(words && { engines: words.join(",") }) };
  const inputs = { ...readTyped(readInputs, args, host, more), manifests, path };
  checkSettings(inputs, workspaceOf(host));
  return { ...inputs, tools: typedTools(inputs.tools, host) };
}

/** Validates manifests and says what was found. */
export async function validateAndSay(
  inputs: ValidateInputs,
  saying: Saying,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
  rendering?: Report,
): Promise<void> {
  const world = { host, progress: terminal.progress, signal, secretKey: randomBytes(32) };
  const { report } = await run(inputs, world);
  const { failOn, failOnSeverity, allowEmpty } = inputs;
  saying.say(
    withGaps(report, rendering),
    { failOn, failOnSeverity, allowEmpty },
    join(host.tempDir, "validated"),
  );
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
    ...enginesOption,
    "ignore-filename-patterns": {
      type: "string",
      multiple: true,
      value: "REGEXP",
      help: "with --manifests DIR: files to leave out",
    },
    ...failOnOption,
    ...renderOptions,
    ...toolSourceOptions,
    ...limitOptions("120", "2048"),
    ...severityOption,
    ...reportOptions,
  },
  async run(args, host, terminal, signal) {
    const saying = startSaying(args, host, terminal, false);
    const path = resolve(host.cwd, args.positionals[0] ?? ".");
    const inputs = validateInputs(args, host, "", path);
    const manifests = await findManifests(args, renderInputs(args, host), host, terminal, signal);
    for (const { id, message } of manifests.failed)
      terminal.err(`not rendered, so not validated: ${id}: ${message}
`);
    const { path: where, rendering } = manifests;
    await validateAndSay({ ...inputs, manifests: where }, saying, host, terminal, signal, rendering);
    return saying.end();
  },
};
