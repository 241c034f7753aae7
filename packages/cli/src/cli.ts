import { type Host, readVersion } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { flag, parseArguments, suggestion } from "./arguments.ts";
import type { Command } from "./command.ts";
import { doctor } from "./commands/doctor.ts";
import { drift } from "./commands/drift.ts";
import { exceptions } from "./commands/exceptions.ts";
import { hold } from "./commands/hold.ts";
import { origin } from "./commands/origin.ts";
import { overlays } from "./commands/overlays.ts";
import { plan } from "./commands/plan.ts";
import { policy } from "./commands/policy.ts";
import { pr } from "./commands/pr.ts";
import { promote } from "./commands/promote.ts";
import { render } from "./commands/render.ts";
import { resume } from "./commands/resume.ts";
import { rollback } from "./commands/rollback.ts";
import { schemas } from "./commands/schemas.ts";
import { set } from "./commands/set.ts";
import { status } from "./commands/status.ts";
import { tools } from "./commands/tools.ts";
import { validate } from "./commands/validate.ts";
import { commandHelp, overview } from "./help.ts";
import { withOptionNames } from "./inputs.ts";
import { makeTerminal, type Streams } from "./terminal.ts";

/** Every command, in the order of help. */
export const commands: readonly Command[] = [
  pr,
  render,
  validate,
  policy,
  exceptions,
  drift,
  status,
  plan,
  promote,
  set,
  rollback,
  hold,
  resume,
  doctor,
  overlays,
  origin,
  schemas,
  tools,
];

/** Runs `gitops ARGUMENTS` and answers the exit status. Throws UsageError (2) and ToolError (3). */
export async function cli(
  argv: string[],
  host: Host,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  const terminal = makeTerminal(streams, host);
  const [name, ...rest] = argv;
  if (name === "--version" || name === "-V") {
    terminal.out(`gitops ${readVersion()}\n`);
    return 0;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const asked = commands.find((command) => command.name === rest[0]);
    terminal.out(asked ? commandHelp(asked) : overview(commands, readVersion()));
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((each) => each.name === name);
  if (!command) {
    const known = commands.map((each) => each.name);
    throw new UsageError(
      `gitops has no command ${JSON.stringify(name)}${suggestion(name, known)}. See: gitops --help`,
    );
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    terminal.out(commandHelp(command));
    return 0;
  }
  const args = parseArguments(command, rest);
  if (flag(args, "help")) return 0;
  try {
    return await command.run(args, host, terminal, signal);
  } catch (error) {
    throw withOptionNames(error, args);
  }
}
