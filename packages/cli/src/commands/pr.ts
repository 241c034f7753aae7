import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { keepingRepositories } from "@gitops-actions/engine";
import type { PolicyInputs } from "@gitops-actions/policy-check";
import { describeCounts, formatChangesText, type RenderOutcome, run } from "@gitops-actions/render-overlays";
import type { Paint } from "@gitops-actions/report";
import { type Arguments, type Command, flag, list } from "../command.ts";
import { openDemo } from "./example.ts";
import { renderInputs, renderOptions } from "./options.ts";
import { checkIfAny, policyInputs, policyOptions } from "./policy.ts";
import { startSaying } from "./say.ts";
import { validateAndSay, validateInputs, validateOptions } from "./validate.ts";

/** `gitops pr`: what merging the current branch would change, and what is wrong with it. */
export const pr: Command = {
  name: "pr",
  usage: "[PATH]",
  summary:
    "Show what a branch changes and what is wrong with it, as a reviewer of its pull request wants to see it.",
  positionals: 1,
  options: {
    demo: { type: "boolean", help: "without PATH: make the example repository and look at its pull request" },
    "all-engines": {
      type: "boolean",
      help: "run policy engines that take minutes to get, too (Kyverno, gator)",
    },
    ...policyOptions,
    ...validateOptions,
    ...renderOptions,
  },
  async run(args, host, terminal, signal) {
    let inputs = renderInputs(args);
    if (flag(args, "demo") && args.positionals.length === 0) {
      const demo = await openDemo(host, terminal, signal);
      inputs = { ...inputs, path: demo.repository, baseRef: inputs.baseRef ?? demo.base };
    }
    const saying = startSaying(args, host, terminal, true);
    return await keepingRepositories(host, async () => {
      const world = { host, progress: terminal.progress, signal, secretKey: randomBytes(32) };
      const rendered = await run(inputs, world);
      const { failOnSeverity, allowEmpty } = inputs;
      saying.tell(describeChanges(rendered, terminal.paint));
      saying.say(rendered.report, { failOnSeverity, failOn: "all", allowEmpty }, rendered.directory);

      const index = join(rendered.directory, "index.json");
      const path = resolve(host.cwd, inputs.path);
      await validateAndSay(validateInputs(args, index, path), saying, host, terminal, signal);
      const checks = policyInputs(args, index, path);
      await checkIfAny(withQuickEngines(args, checks), saying, host, terminal, signal);
      return saying.end();
    });
  },
};

/** conftest is quick to get; what the others would have looked at is listed. */
function withQuickEngines(args: Arguments, inputs: PolicyInputs): PolicyInputs {
  return flag(args, "all-engines") || list(args, "engine").length > 0
    ? inputs
    : { ...inputs, engines: ["conftest"] };
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
