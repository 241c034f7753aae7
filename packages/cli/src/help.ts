import type { Command, Option } from "./command.ts";

const EXIT_STATUS = `Exit status
  0  clean; what was skipped is printed
  1  findings, something that could not be rendered or checked, or nothing found
  2  wrong use: an argument, a file of settings, a path
  3  a tool or the machine failed`;

/** `gitops --help`. */
export function overview(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map((command) => `${command.name} ${command.usage}`.length));
  const lines = commands.map(
    (command) => `  ${`${command.name} ${command.usage}`.padEnd(width)}  ${command.summary}`,
  );
  return `gitops ${version}: render, check and compare what a Git repository deploys.

Usage: gitops COMMAND [ARGUMENTS]

Commands
${lines.join("\n")}

  gitops COMMAND --help  shows a command's options
  gitops --version       prints the version

${EXIT_STATUS}
`;
}

/** `gitops COMMAND --help`. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options)
    .filter(([, option]) => !option.hidden)
    .map(([name, option]) => ({ left: nameOf(name, option), help: describe(option) }));
  const width = Math.max(...options.map((option) => option.left.length));
  const lines = options.map((option) => `  ${option.left.padEnd(width)}  ${option.help}`);
  return `Usage: gitops ${command.name} ${command.usage}

${command.summary}

Options
${lines.join("\n")}

${EXIT_STATUS}
`;
}

function nameOf(name: string, { short, on, value }: Option): string {
  return `${short ? `-${short}, ` : "    "}--${on ? "no-" : ""}${name}${value ? ` ${value}` : ""}`;
}

/** The help of an option, with what it takes and what it is called in a workflow. */
function describe({ help, words, standard, input }: Option): string {
  const takes = words ? `: ${words.join(", ")}` : "";
  const notes = [...(standard ? [`default: ${standard}`] : []), ...(input ? [`in workflows: ${input}`] : [])];
  return `${help}${takes}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
}
