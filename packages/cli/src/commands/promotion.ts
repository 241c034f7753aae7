import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { type Host, mapStrings, publish } from "@gitops-actions/action";
import {
  connect,
  formatBoardText,
  type Operation,
  type PromoteInputs,
  readInputs,
  run,
} from "@gitops-actions/promote-env";
import { checkSettings } from "@gitops-actions/render-overlays";
import { type Arguments, flag, list, text } from "../arguments.ts";
import type { Command, Option } from "../command.ts";
import { readTyped, withTokenNames } from "../inputs.ts";
import { toolOptions, toolSettings, toolSourceOptions, typedTools } from "./options.ts";

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
  fetch: { type: "boolean", on: true, help: "look at what is here, and ask no remote" },
  report: {
    type: "string",
    value: "DIR",
    help: "write report.json, report.sarif and report.junit.xml to this folder",
  },
  json: { type: "boolean", help: "print JSON: the board, and what was written" },
  help: { type: "boolean", short: "h", help: "show this" },
} as const satisfies Record<string, Option>;

/** How a change is brought to its branch. */
const delivering = {
  strategy: {
    type: "string",
    value: "HOW",
    help: "how it is delivered",
    words: ["auto", "pull-request", "direct"],
    standard: "auto, which is what gitops.yaml says",
  },
  labels: {
    type: "string",
    multiple: true,
    value: "LABEL",
    help: "labels of pull requests",
    standard: "promotion",
  },
} as const satisfies Record<string, Option>;

/** How a change is rendered before it is written. */
const proving = {
  prove: { type: "boolean", on: true, help: "do not render what changes before it is written" },
  "allow-remote-bases": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "hosts that remote bases may be fetched from",
  },
  ...toolOptions("kustomize", "helm"),
  ...toolSourceOptions,
} satisfies Record<string, Option>;

/** What gates are told. */
const gating = {
  reports: {
    type: "string",
    multiple: true,
    value: "FILE",
    help: "report.json of another action; a promotion waits until it has passed",
    raw: true,
  },
} as const satisfies Record<string, Option>;

/** What each operation takes besides. */
const taken: Record<Operation, Record<string, Option>> = {
  status: { strategy: delivering.strategy, ...gating },
  plan: { strategy: delivering.strategy, ...gating },
  promote: { ...delivering, ...gating, ...proving },
  set: { ...delivering, ...proving },
  rollback: { ...delivering, ...proving },
  // Nothing that is rendered changes.
  hold: {
    ...delivering,
    strategy: {
      ...delivering.strategy,
      standard: "direct, whatever gitops.yaml says: a hold must act at once",
    },
  },
  resume: {
    ...delivering,
    strategy: {
      ...delivering.strategy,
      standard: "auto, which is what gitops.yaml says, and direct without a token",
    },
  },
};

/** One `gitops` command for an operation of promote-env; a token for GitHub is taken from GITHUB_TOKEN or GH_TOKEN. */
export function promotionCommand(
  operation: Operation,
  summary: string,
  own: Record<string, Option> = {},
): Command {
  return {
    name: operation,
    usage: "[PATH]",
    summary,
    positionals: 1,
    options: { ...own, ...taken[operation], ...common },
    async run(args, host, terminal, signal) {
      const token = host.env.GITHUB_TOKEN ?? host.env.GH_TOKEN;
      const inputs = promoteInputs(operation, args, host, token);
      const forge = connect(token, host, signal, inputs.repository);
      const outcome = await run(inputs, {
        host,
        progress: terminal.progress,
        signal,
        secretKey: randomBytes(32),
        ...(forge ? { forge } : {}),
      });
      terminal.done();
      const board = mapStrings(outcome.board, withTokenNames);
      const json = flag(args, "json");
      terminal.out(
        json
          ? `${JSON.stringify({ board, delivered: outcome.delivered.map(({ delivery, ...rest }) => ({ ...rest, done: delivery.kind })) }, null, 2)}\n`
          : formatBoardText(board, terminal.paint),
      );
      return publish(mapStrings(outcome.report, withTokenNames), host, {
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

function promoteInputs(
  operation: Operation,
  args: Arguments,
  host: Host,
  token: string | undefined,
): PromoteInputs {
  const typed = readTyped(readInputs, args, host, { operation });
  // In a workflow gitops.yaml alone names the tools' versions.
  const tools = typedTools(toolSettings(args, "kustomize", "helm"), host);
  checkSettings({ allowRemoteBases: typed.allowRemoteBases, tools });
  const to = text(args, "to");
  return {
    ...typed,
    path: args.positionals[0] ?? ".",
    reports: list(args, "reports").map((path) => resolve(host.cwd, path)),
    tools,
    ...(to !== undefined && { to }),
    ...(token !== undefined && { token }),
  };
}
