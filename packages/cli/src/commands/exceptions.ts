import { resolve } from "node:path";
import { openRepository, workingTree } from "@gitops-actions/engine";
import { daysLeft, type Exception, exceptionNames, isExpired, loadExceptions } from "@gitops-actions/fleet";
import { flag } from "../arguments.ts";
import type { Command, Terminal } from "../command.ts";

/** `gitops exceptions`: which rules are waived, for whom, and for how long. */
export const exceptions: Command = {
  name: "exceptions",
  usage: "[PATH]",
  summary: "List the exceptions from policies with the days that are left; status 1 when one is over.",
  positionals: 1,
  options: {
    json: { type: "boolean", help: "print JSON" },
    help: { type: "boolean", short: "h", help: "show this" },
  },
  async run(args, host, terminal) {
    const repository = await openRepository(resolve(host.cwd, args.positionals[0] ?? "."), host);
    try {
      const now = host.now();
      const found = await loadExceptions(await workingTree(repository));
      const sorted = found.sort((a, b) => (a.expires < b.expires ? -1 : a.expires > b.expires ? 1 : 0));
      if (flag(args, "json")) {
        const listed = sorted.map((each) => ({ ...each, daysLeft: daysLeft(each, now) }));
        terminal.out(`${JSON.stringify(listed, null, 2)}\n`);
      } else for (const exception of sorted) terminal.out(describe(exception, now, terminal));
      if (sorted.length === 0 && !flag(args, "json"))
        terminal.out(`There are no exceptions (${exceptionNames[0]}).\n`);
      return sorted.some((each) => isExpired(each, now)) ? 1 : 0;
    } finally {
      await repository.close();
    }
  },
};

function describe(exception: Exception, now: Date, { paint }: Terminal): string {
  const { rule, resource, overlays, owner, reason, expires, location } = exception;
  const left = daysLeft(exception, now);
  const time = isExpired(exception, now)
    ? paint("error", `over since ${expires}`)
    : paint(left < 30 ? "warning" : "good", `${left} ${left === 1 ? "day" : "days"} left, until ${expires}`);
  const about = Object.entries(resource).map(([key, value]) => `${key} ${value}`);
  const where = [...about, ...(overlays.length > 0 ? [`in ${overlays.join(", ")}`] : [])].join(", ");
  return `${paint("bold", rule)}${where ? ` (${where})` : ""}\n  ${time}\n  ${owner}: ${reason}\n  ${paint("dim", `${location.path}:${location.line}`)}\n`;
}
