import { join, resolve } from "node:path";
import { publish } from "@gitops-actions/action";
import { connectInspection, examine } from "@gitops-actions/promote-env";
import { UsageError } from "@gitops-actions/report";
import { flag, text } from "../arguments.ts";
import type { Command } from "../command.ts";
import { reportOptions, severityOf, severityOption } from "./options.ts";

/** `gitops doctor`: whether the repository itself is safe. A token is taken from GITHUB_TOKEN or GH_TOKEN. */
export const doctor: Command = {
  name: "doctor",
  usage: "[PATH]",
  summary:
    "Look at what keeps the repository safe: branch rules, owners, required checks, workflows, tokens.",
  positionals: 1,
  options: {
    repository: { type: "string", value: "OWNER/NAME", help: "on GitHub (default: GITHUB_REPOSITORY)" },
    fetch: { type: "boolean", on: true, help: "look at what is here, and ask no Git remote" },
    ...severityOption,
    ...reportOptions,
  },
  async run(args, host, terminal, signal) {
    const failOnSeverity = severityOf(args);
    const token = host.env.GITHUB_TOKEN ?? host.env.GH_TOKEN;
    const repository = text(args, "repository") ?? host.env.GITHUB_REPOSITORY;
    if (repository !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(repository))
      throw new UsageError(`--repository ${repository}: expected OWNER/NAME, such as org/fleet`);
    const inspection = connectInspection(token, host, signal, repository);
    terminal.progress("Looking at the repository");
    const { report } = await examine(args.positionals[0] ?? ".", {
      host,
      signal,
      fetch: flag(args, "fetch"),
      ...(token ? { token } : {}),
      ...(repository ? { repository } : {}),
      ...(inspection ? { inspection } : {}),
    });
    terminal.done();
    const folder = text(args, "report");
    return publish(report, host, {
      policy: { failOnSeverity, failOn: "all", allowEmpty: false },
      write: terminal.out,
      paint: terminal.paint,
      json: flag(args, "json"),
      ...(folder === undefined ? {} : { reportPath: join(resolve(host.cwd, folder), "report.json") }),
    });
  },
};
