import type { Command } from "./command.ts";

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
  const options = Object.entries(command.options).map(([name, option]) => ({
    left: `${option.short ? `-${option.short}, ` : "    "}--${name}${option.value ? ` ${option.value}` : ""}`,
    help: option.help,
  }));
  const width = Math.max(...options.map((option) => option.left.length));
  const lines = options.map((option) => `  ${option.left.padEnd(width)}  ${option.help}`);
  return `Usage: gitops ${command.name} ${command.usage}

${command.summary}

Options
${lines.join("\n")}

${EXIT_STATUS}
`;
}
