import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { type Host, publish } from "@gitops-actions/action";
import { describeCounts, formatChangesText, run } from "@gitops-actions/render-overlays";
import { type Command, flag, type Terminal, text } from "../command.ts";
import { openDemo } from "./example.ts";
import { renderInputs, renderOptions } from "./options.ts";

/** `gitops pr`: what merging the current branch would change, and what is wrong with it. */
export const pr: Command = {
  name: "pr",
  usage: "[PATH]",
  summary: "Show what a branch changes, as a reviewer of its pull request wants to see it.",
  positionals: 1,
  options: {
    demo: { type: "boolean", help: "without PATH: make the example repository and look at its pull request" },
    ...renderOptions,
  },
  async run(args, host, terminal, signal) {
    let inputs = renderInputs(args);
    if (flag(args, "demo") && args.positionals.length === 0) {
      const demo = await openDemo(host, terminal, signal);
      inputs = { ...inputs, path: demo.repository, baseRef: inputs.baseRef ?? demo.base };
    }
    const outcome = await run(inputs, {
      host,
      progress: terminal.progress,
      signal,
      secretKey: randomBytes(32),
    });
    terminal.done();
    const json = flag(args, "json");
    if (!json) terminal.out(heading(outcome, terminal, host));
    return publish(outcome.report, host, {
      policy: { failOnSeverity: inputs.failOnSeverity, failOn: "all", allowEmpty: inputs.allowEmpty },
      write: terminal.out,
      paint: terminal.paint,
      reportPath: join(resolve(host.cwd, text(args, "report") ?? outcome.directory), "report.json"),
      json,
    });
  },
};

function heading(outcome: Awaited<ReturnType<typeof run>>, { paint }: Terminal, _host: Host): string {
  const { overlays } = outcome.index;
  const title = `Changes: ${describeCounts(outcome.changes)}, in ${outcome.changed.length} of ${overlays.length} overlays`;
  const changes = formatChangesText(outcome.changes, paint);
  return `${paint("bold", title)}\n\n${changes}${changes ? "\n" : ""}`;
}
