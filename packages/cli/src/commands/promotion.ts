import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { publish } from "@gitops-actions/action";
import {
  connect,
  defaults,
  formatBoardText,
  type Operation,
  type PromoteInputs,
  run,
} from "@gitops-actions/promote-env";
import { UsageError } from "@gitops-actions/report";
import { type Command, flag, list, type Option, text } from "../command.ts";
import { toolOptions, toolSettings } from "./options.ts";

const common = {
  app: { type: "string", multiple: true, value: "APP", help: "only this app; may be repeated" },
  environment: {
    type: "string",
    short: "e",
    multiple: true,
    value: "NAME",
    help: "only into this environment; may be repeated",
  },
  repository: {
    type: "string",
    value: "OWNER/NAME",
    help: "work in this repository on GitHub, without a clone of it",
  },
  branch: { type: "string", value: "NAME", help: "the default branch (default: the remote's)" },
  "no-fetch": { type: "boolean", help: "look at what is here, and ask no remote" },
  report: {
    type: "string",
    value: "DIR",
    help: "write report.json, report.sarif and report.junit.xml to this folder",
  },
  json: { type: "boolean", help: "print JSON: the board, and what was written" },
  help: { type: "boolean", short: "h", help: "show this" },
} as const satisfies Record<string, Option>;

const writing = {
  strategy: { type: "string", value: "HOW", help: "pull-request or direct (default: what gitops.yaml says)" },
  "no-prove": { type: "boolean", help: "do not render what changes before it is written" },
  ...toolOptions(),
} as const satisfies Record<string, Option>;

/** One `gitops` command for an operation of promote-env; a token for GitHub is taken from GITHUB_TOKEN or GH_TOKEN. */
export function promotionCommand(
  operation: Operation,
  summary: string,
  own: Record<string, Option> = {},
  writes = true,
): Command {
  return {
    name: operation,
    usage: "[PATH]",
    summary,
    positionals: 1,
    options: { ...own, ...(writes ? writing : {}), ...common },
    async run(args, host, terminal, signal) {
      const optional = <Key extends keyof PromoteInputs>(key: Key, value: PromoteInputs[Key] | undefined) =>
        value === undefined ? {} : { [key]: value };
      const token = host.env.GITHUB_TOKEN ?? host.env.GH_TOKEN;
      const inputs: PromoteInputs = {
        ...defaults,
        operation,
        path: args.positionals[0] ?? ".",
        apps: list(args, "app"),
        environments: list(args, "environment"),
        fetch: !flag(args, "no-fetch"),
        prove: !flag(args, "no-prove"),
        exact: flag(args, "exact"),
        reason: text(args, "reason") ?? "",
        owner: text(args, "owner") ?? host.env.USER ?? "",
        tools: writes ? toolSettings(args) : defaults.tools,
        ...optional("repository", text(args, "repository")),
        ...optional("branch", text(args, "branch")),
        ...optional("tag", text(args, "tag")),
        ...optional("digest", text(args, "digest")),
        ...optional("version", text(args, "version")),
        ...optional("image", text(args, "image")),
        ...optional("to", text(args, "to")),
        ...optional("until", untilOf(text(args, "until"))),
        ...optional("strategy", strategyOf(text(args, "strategy"))),
        ...optional("token", token),
      };
      const forge = connect(token, host, signal, inputs.repository);
      const outcome = await run(inputs, {
        host,
        progress: terminal.progress,
        signal,
        secretKey: randomBytes(32),
        ...(forge ? { forge } : {}),
      });
      terminal.done();
      const json = flag(args, "json");
      terminal.out(
        json
          ? `${JSON.stringify({ board: outcome.board, delivered: outcome.delivered.map(({ delivery, ...rest }) => ({ ...rest, done: delivery.kind })) }, null, 2)}\n`
          : formatBoardText(outcome.board, terminal.paint),
      );
      return publish(outcome.report, host, {
        policy: { failOnSeverity: "error", failOn: "all", allowEmpty: false },
        write: json ? () => {} : terminal.out,
        paint: terminal.paint,
        ...(text(args, "report")
          ? { reportPath: join(resolve(host.cwd, text(args, "report")!), "report.json") }
          : {}),
      });
    },
  };
}

function untilOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const at = Date.parse(given);
  if (Number.isNaN(at))
    throw new UsageError(`--until ${given}: expected a time such as 2026-12-24T18:00:00Z`);
  return at;
}

function strategyOf(given: string | undefined): PromoteInputs["strategy"] | undefined {
  if (given === undefined || given === "direct" || given === "pull-request") return given;
  throw new UsageError(`--strategy ${given}: expected pull-request or direct`);
}
