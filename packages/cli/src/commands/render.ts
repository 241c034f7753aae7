import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { publish } from "@gitops-actions/action";
import { run } from "@gitops-actions/render-overlays";
import { text } from "../arguments.ts";
import type { Command } from "../command.ts";
import {
  limitOptions,
  renderInputs,
  renderOptions,
  reportOptions,
  severityOption,
  toolSourceOptions,
} from "./options.ts";
import { sayWhole } from "./whole.ts";

/** `gitops render`: everything at one state, written to a folder. With --base only what differs. */
export const render: Command = {
  name: "render",
  usage: "[PATH]",
  summary: "Render the overlays, charts and manifests of a repository into a folder.",
  positionals: 1,
  options: {
    out: {
      type: "string",
      short: "o",
      value: "DIR",
      help: "folder for index.json and the manifests; absent or empty (required)",
      input: "output",
      aliases: ["output"],
      raw: true,
    },
    ...renderOptions,
    ...toolSourceOptions,
    ...limitOptions("120", "2048"),
    ...severityOption,
    ...reportOptions,
  },
  async run(args, host, terminal, signal) {
    const out = text(args, "out");
    if (!out) return usage(terminal);
    const inputs = { ...renderInputs(args, host), output: resolve(host.cwd, out) };
    await sayWhole(args, host, terminal);
    const compare = inputs.baseRef !== undefined;
    const outcome = await run(
      { ...inputs, compare },
      { host, progress: terminal.progress, signal, secretKey: randomBytes(32) },
    );
    terminal.done();
    return publish(outcome.report, host, {
      policy: { failOnSeverity: inputs.failOnSeverity, failOn: "all", allowEmpty: inputs.allowEmpty },
      write: terminal.out,
      paint: terminal.paint,
      reportPath: join(resolve(host.cwd, text(args, "report") ?? outcome.directory), "report.json"),
      json: args.flags.json === true,
    });
  },
};

function usage(terminal: { err: (text: string) => void }): number {
  terminal.err(
    "error: gitops render needs --out DIR, an absent or empty folder for the result. See: gitops render --help\n",
  );
  return 2;
}
