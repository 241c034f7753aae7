import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { keepingRepositories } from "@gitops-actions/engine";
import { engineNames } from "@gitops-actions/policy-check";
import { describeCounts, formatChangesText, type RenderOutcome, run } from "@gitops-actions/render-overlays";
import { type Paint, UsageError } from "@gitops-actions/report";
import { schemaEngines } from "@gitops-actions/validate-schema";
import { type Arguments, flag, wordsOf } from "../arguments.ts";
import type { Command } from "../command.ts";
import { openDemo } from "./example.ts";
import {
  failOnOption,
  limitOptions,
  renderInputs,
  renderOptions,
  reportOptions,
  severityOption,
  toolSourceOptions,
} from "./options.ts";
import { checkIfAny, policyInputs, policyOptions, requirePolicyFiles } from "./policy.ts";
import { startSaying } from "./say.ts";
import { validateAndSay, validateInputs, validateOptions } from "./validate.ts";
import { sayWhole } from "./whole.ts";

/** `gitops pr`: what merging the current branch would change, and what is wrong with it. */
export const pr: Command = {
  name: "pr",
  usage: "[PATH]",
  summary:
    "Show what a branch changes and what is wrong with it, as a reviewer of its pull request wants to see it.",
  positionals: 1,
  options: {
    demo: { type: "boolean", help: "without PATH: make the example repository and look at its pull request" },
    ...renderOptions,
    ...failOnOption,
    ...severityOption,
    "all-engines": {
      type: "boolean",
      help: "run policy engines that take minutes to get, too (Kyverno, gator)",
    },
    engines: {
      type: "string",
      multiple: true,
      value: "NAME",
      help: "only these, of schemas and of policies",
      words: [...schemaEngines, ...engineNames],
      standard: "kubeconform, conftest",
      aliases: ["engine"],
    },
    ...policyOptions,
    ...validateOptions,
    ...toolSourceOptions,
    ...limitOptions("120 to render, 300 for policies", "2048 to render, 4096 for policies"),
    ...reportOptions,
  },
  async run(args, host, terminal, signal) {
    let inputs = renderInputs(args, host);
    const engines = chosenEngines(args);
    const validation = validateInputs(args, host, "", "", engines.schemas);
    const checks = policyInputs(args, host, "", "", engines.policies);
    if (flag(args, "demo") && args.positionals.length === 0) {
      const demo = await openDemo(host, terminal, signal);
      inputs = { ...inputs, path: demo.repository, baseRef: inputs.baseRef ?? demo.base };
    }
    await requirePolicyFiles(args, resolve(host.cwd, inputs.path), host);
    const saying = startSaying(args, host, terminal, true);
    return await keepingRepositories(host, async () => {
      await sayWhole(args, host, terminal);
      const world = { host, progress: terminal.progress, signal, secretKey: randomBytes(32) };
      const rendered = await run(inputs, world);
      const { failOnSeverity, allowEmpty } = inputs;
      saying.tell(describeChanges(rendered, terminal.paint));
      saying.say(rendered.report, { failOnSeverity, failOn: "all", allowEmpty }, rendered.directory);

      const place = {
        manifests: join(rendered.directory, "index.json"),
        path: resolve(host.cwd, inputs.path),
      };
      await validateAndSay({ ...validation, ...place }, saying, host, terminal, signal);
      await checkIfAny({ ...checks, ...place }, saying, host, terminal, signal);
      return saying.end();
    });
  },
};

/**
 * The engines of each action among those that were named. conftest is quick to get: where nobody names an engine of
 * policies it alone is asked, and what the others would have looked at is listed.
 */
function chosenEngines(args: Arguments): { schemas: string[]; policies: string[] } {
  const named = wordsOf(args, "engines");
  const among = (names: readonly string[]) => named.filter((name) => names.includes(name));
  const policies = among(engineNames);
  if (flag(args, "all-engines") && policies.length > 0)
    throw new UsageError(`--all-engines and --engines ${policies.join(",")}: give one of them`);
  if (flag(args, "all-engines")) return { schemas: among(schemaEngines), policies: [...engineNames] };
  return { schemas: among(schemaEngines), policies: policies.length > 0 ? policies : ["conftest"] };
}

function describeChanges({ changes, index }: RenderOutcome, paint: Paint): string {
  const { overlays } = index;
  const changing = overlays.filter(({ change }) => change !== "unchanged");
  // Its files differ, and what that does to it nobody can say.
  const unknown = changing.filter(({ status }) => status === "failed" || status === "rejected").length;
  const changed = changing.length - unknown;
  const rest = unknown > 0 ? `; of ${unknown} it is not known` : "";
  const title = `Changes: ${describeCounts(changes)}, in ${changed} of ${overlays.length} overlays${rest}`;
  const text = formatChangesText(changes, paint);
  return `${paint("bold", title)}\n\n${text}${text ? "\n" : ""}`;
}
