import { join, resolve } from "node:path";
import { type Host, publish } from "@gitops-actions/action";
import { count, type ExitPolicy, exitStatus, gapKey, type Report } from "@gitops-actions/report";
import { type Arguments, flag, text } from "../arguments.ts";
import type { Terminal } from "../command.ts";

/** The reports of one command, said one after another. */
export interface Saying {
  /** Prints a report, or keeps it for `--json`; writes its files. */
  say(report: Report, policy: ExitPolicy, directory: string): void;
  /** Prints text that only a person wants. */
  tell(text: string): void;
  /** Ends the command: the gravest of the exit statuses. */
  end(): number;
}

/**
 * How a command says what its actions found. Files go to `--report DIR`, a folder for each action where there are
 * several. With `--json` one value is printed at the end: the report, or `{ reports: [...] }` where there are several.
 */
export function startSaying(args: Arguments, host: Host, terminal: Terminal, several: boolean): Saying {
  const json = flag(args, "json");
  const chosen = text(args, "report");
  const reports: Report[] = [];
  const policies: ExitPolicy[] = [];
  const told = new Set<string>();
  let status = 0;
  return {
    say(report, policy, directory) {
      terminal.done();
      const folder =
        chosen === undefined ? directory : join(resolve(host.cwd, chosen), several ? report.action : "");
      reports.push(report);
      policies.push(policy);
      const one = publish(report, host, {
        policy,
        write: json ? () => {} : terminal.out,
        paint: terminal.paint,
        reportPath: join(folder, "report.json"),
        told,
      });
      for (const gap of [...report.failed, ...report.skipped]) told.add(gapKey(gap));
      if (!json && several) terminal.out("\n");
      status = Math.max(status, one);
    },
    tell(words) {
      terminal.done();
      if (!json) terminal.out(words);
    },
    end() {
      if (json) terminal.out(`${JSON.stringify(several ? { reports } : reports[0], null, 2)}\n`);
      else if (reports.length > 1) terminal.out(`${terminal.paint("bold", conclude(reports, policies))}\n`);
      return status;
    },
  };
}

/** One line over all reports, which is what somebody reads who looks at the end first: it says why the status is what it is. */
export function conclude(reports: readonly Report[], policies: readonly ExitPolicy[]): string {
  const counts = (["error", "warning"] as const).map((level) =>
    count(
      reports.reduce((sum, { summary }) => sum + summary[level], 0),
      level,
    ),
  );
  const unchecked = new Set(reports.flatMap(({ failed }) => failed.map(({ kind, id }) => `${kind} ${id}`)));
  if (unchecked.size > 0) counts.push(`${count(unchecked.size, "thing")} could not be checked`);
  const failing = reports.filter((report, index) => exitStatus(report, policies[index]!) === 1);
  const empty = failing.filter(({ verdict }) => verdict === "nothing-found").map(({ action }) => action);
  if (empty.length > 0) counts.push(`nothing found to look at by ${empty.join(" and ")}`);
  const unasked = reports.flatMap(({ engines = [] }) => engines.flatMap(({ notEvaluated }) => notEvaluated));
  if (unasked.length > 0) counts.push(`${count(unasked.length, "policy", "policies")} not evaluated`);
  const severities = new Set(failing.flatMap(({ findings }) => findings.map(({ severity }) => severity)));
  const isMild =
    failing.length > 0 && unchecked.size + unasked.length + empty.length === 0 && !severities.has("error");
  const why = isMild
    ? `: ${severities.has("warning") ? "warnings" : "notices"} fail it, by --fail-on-severity`
    : "";
  return `All in all: ${counts.join(", ")} (exit status ${failing.length > 0 ? 1 : 0}${why}).`;
}
