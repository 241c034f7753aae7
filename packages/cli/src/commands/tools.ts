import { listTools, pins, type ToolStatus, toolNames } from "@gitops-actions/engine";
import { flag } from "../arguments.ts";
import type { Command, Option } from "../command.ts";
import { toolOptions, toolSettings, toolSourceOptions } from "./options.ts";

/** Those that commands use. */
const used = toolNames.filter((name) => !("development" in pins[name]));

/** `gitops tools`: which programs would be used, and how they were verified. */
export const tools: Command = {
  name: "tools",
  usage: "",
  summary: "List the tools: wanted, found, where, and how each was verified.",
  positionals: 0,
  options: {
    ...toolOptions(...used),
    ...toolSourceOptions,
    all: { type: "boolean", help: "also those that only this repository's own tests use" },
    json: { type: "boolean", help: "print JSON" },
    help: { type: "boolean", short: "h", help: "show this" },
  } satisfies Record<string, Option>,
  async run(args, host, terminal) {
    const statuses = (await listTools(toolSettings(args, ...used), host)).filter(
      (each) => flag(args, "all") || !each.development,
    );
    if (flag(args, "json")) terminal.out(`${JSON.stringify(statuses, null, 2)}\n`);
    else for (const status of statuses) terminal.out(describe(status, terminal.paint));
    return 0;
  },
};

function describe(
  status: ToolStatus,
  paint: (style: "good" | "warning" | "dim" | "bold", text: string) => string,
): string {
  const { name, wanted, accepts, found, verified } = status;
  const head = `${paint("bold", name)} ${wanted} ${paint("dim", `(accepts ${accepts})`)}`;
  const state = found
    ? paint("good", `${found.version} from ${found.source}: ${found.path}`)
    : paint("warning", "not found");
  return `${head}\n  ${state}\n  ${paint("dim", verified)}\n`;
}
