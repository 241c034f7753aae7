import { join } from "node:path";
import { findRoot, type Host } from "@gitops-actions/action";
import { reasonOf, runGit } from "@gitops-actions/engine";
import { ToolError } from "@gitops-actions/report";
import type { Terminal } from "../command.ts";
import { type Demo, makeDemo } from "../demo.ts";

/** Makes the example repository in the run's temporary folder. */
export async function openDemo(host: Host, terminal: Terminal, signal: AbortSignal): Promise<Demo> {
  const directory = join(host.tempDir, "example-fleet");
  const demo = await makeDemo(directory, join(findRoot(), "examples"), async (args, options) => {
    const result = await runGit(host, args, { ...options, signal });
    if (result.exitCode !== 0) throw new ToolError("git", `git ${args[0]}: ${reasonOf(result)}`);
    return result.stdout.toString("utf8");
  });
  const { paint } = terminal;
  terminal.err(`${paint("bold", "The example pull request")}: ${demo.title}\n`);
  terminal.err(
    paint(
      "dim",
      `A real Git repository was made from examples/fleet; ${demo.head} is compared with ${demo.base}.\n\n`,
    ),
  );
  return demo;
}
