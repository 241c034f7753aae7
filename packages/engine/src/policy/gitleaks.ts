import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, withoutNetwork } from "../environment.ts";
import { type ProcessSpec, runProcess } from "../exec.ts";
import { stoppedBy } from "../limits.ts";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import type { PolicyFailure, PolicyLimits } from "./outcome.ts";

const Leak = z.object({
  RuleID: z.string(),
  Description: z.string(),
  StartLine: z.int(),
  Secret: z.string(),
  File: z.string(),
});

/** A secret in one of the texts that were scanned. */
export interface Leak {
  /** Position among the texts. */
  text: number;
  /** 1-based. */
  line: number;
  /** `github-pat`. */
  rule: string;
  /** A sentence of gitleaks about the rule; it holds nothing of the text. */
  description: string;
  /** What must be published nowhere. */
  secret: string;
}

export type GitleaksRun = { ok: true; leaks: Leak[] } | { ok: false; failure: PolicyFailure };

/**
 * Reads the report of `gitleaks dir`, sorted by text, line and rule. Throws ToolError when it is not one; the message
 * quotes nothing, for what it would quote may be a secret.
 */
export function parseGitleaks(stdout: string): Leak[] {
  try {
    const leaks = z.array(Leak).parse(JSON.parse(stdout));
    return leaks
      .map(({ RuleID, Description, StartLine, Secret, File }) => ({
        text: Number(/(\d+)\.txt$/.exec(File)?.[1]),
        line: StartLine - 1,
        rule: RuleID,
        description: Description,
        secret: Secret,
      }))
      .sort((a, b) => a.text - b.text || a.line - b.line || (a.rule < b.rule ? -1 : 1));
  } catch {
    throw new ToolError("output", "gitleaks printed something that is not its JSON report.");
  }
}

/**
 * Looks for secrets in texts with the rules gitleaks comes with, in one start. Neither comments in the texts
 * (`gitleaks:allow`) nor files of the repository silence it. A run that did not read every byte is a failure.
 */
export async function runGitleaks(
  texts: readonly string[],
  limits: PolicyLimits,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<GitleaksRun> {
  if (texts.length === 0) return { ok: true, leaks: [] };
  const folder = mkdtempSync(join(machine.tempDir, "gitleaks-"));
  try {
    const bytes = writeTexts(join(folder, "texts"), texts);
    const spec: ProcessSpec = {
      command: tool.path,
      args: [
        ...["dir", "--report-format", "json", "--report-path", "-", "--exit-code", "0"],
        ...["--ignore-gitleaks-allow", "--no-banner", "--no-color", "--", "texts"],
      ],
      cwd: folder,
      env: withoutNetwork(childEnvironment(machine, [])),
      deadlineMs: limits.deadlineMs,
      maxOutputBytes: 64 * 1024 * 1024,
      maxMemoryBytes: limits.maxMemoryBytes,
    };
    const result = await runProcess(spec, signal);
    const stopped = stoppedBy(result, spec, "gitleaks");
    if (stopped) return { ok: false, failure: { id: "gitleaks", ...stopped } };
    const read = /scanned ~(\d+) bytes/.exec(result.stderr)?.[1];
    if (result.exitCode !== 0 || read === undefined || Number(read) !== bytes) {
      const message = `gitleaks did not look at everything (exit status ${result.exitCode}, ${read ?? "no"} of ${bytes} bytes)`;
      return { ok: false, failure: { id: "gitleaks", code: "lost", message } };
    }
    return { ok: true, leaks: parseGitleaks(Buffer.from(result.stdout).toString("utf8")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Before each text: gitleaks passes over what begins like an archive or an image. */
const firstLine = "#\n";

/** Writes each text to a file of its own, so that a leak says which it is in; returns the bytes of all. */
function writeTexts(folder: string, texts: readonly string[]): number {
  let bytes = 0;
  for (const [index, text] of texts.entries()) {
    const place = join(folder, String(Math.floor(index / 1000)));
    if (index % 1000 === 0) mkdirSync(place, { recursive: true, mode: 0o700 });
    writeFileSync(join(place, `${index}.txt`), firstLine + text, { mode: 0o600 });
    bytes += Buffer.byteLength(text) + firstLine.length;
  }
  return bytes;
}
