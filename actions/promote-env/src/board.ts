import { type Cell, cellKey } from "@gitops-actions/fleet";
import { codeSpan, escapeMarkdown, type MarkdownSection, type Paint, visible } from "@gitops-actions/report";
import type { Candidate } from "./candidate.ts";
import { describeMove, shortVersion } from "./change.ts";
import type { PromoteInputs } from "./inputs.ts";
import { isAsked } from "./promote.ts";
import { tableOf } from "./pull.ts";
import { branchOf, type State, timeOf } from "./state.ts";
import { foremost, formatTime } from "./verdict.ts";

/** What an app runs in an environment, and what comes next. */
export interface BoardRow {
  app: string;
  environment: string;
  /** Subject and version of each thing. */
  versions: { subject: string; version: string; mixed: boolean }[];
  /** ISO 8601, and whether the forge vouches for it; undefined where the history does not tell. */
  since?: { time: string; commit: string; verified: boolean };
  /** What may come next, and why it waits: the gate that matters most, and in `also` every other that is not open. */
  next?: { from: string; moves: string[]; open: boolean; because: string; mend?: string; also?: string[] };
}

/** One row for each app and environment, apps by name, environments in the order of promotion. */
export function makeBoard(state: State, candidates: readonly Candidate[], inputs: PromoteInputs): BoardRow[] {
  const rank = new Map(state.environments.map((each, index) => [each.name, index]));
  const byCell = new Map(candidates.map((each) => [cellKey(each), each]));
  return [...state.cells.values()]
    .filter((cell) => isAsked(inputs, cell))
    .sort((a, b) =>
      a.app === b.app ? rank.get(a.environment)! - rank.get(b.environment)! : a.app < b.app ? -1 : 1,
    )
    .map((cell) => rowOf(state, cell, byCell.get(cellKey(cell))));
}

function rowOf(state: State, cell: Cell, candidate: Candidate | undefined): BoardRow {
  const current = state.history.get(cellKey(cell))?.[0];
  const row: BoardRow = {
    app: cell.app,
    environment: cell.environment,
    versions: telling(cell.slots).map(({ subject, version, mixed }) => ({
      subject,
      version: shortVersion(version),
      mixed,
    })),
  };
  if (current && !current.cut) {
    const { at, verified } = timeOf(
      branchOf(state, cell.environment),
      current.commit.id,
      current.commit.committed,
    );
    row.since = { time: new Date(at).toISOString(), commit: current.commit.id, verified };
  }
  if (candidate) {
    const verdicts = [...candidate.verdicts, ...candidate.approval];
    const verdict = foremost(verdicts);
    const also = verdicts
      .filter((each) => each.state !== "open" && each !== verdict)
      .map((each) => `${each.gate}: ${each.because}`);
    // A pull request may be opened before somebody approves it.
    const approved = candidate.approval.every((each) => each.state === "open");
    row.next = {
      from: candidate.source,
      moves: candidate.plan.moves.map(describeMove),
      open: candidate.open,
      because: candidate.open && approved ? "every gate is open" : `${verdict?.gate}: ${verdict?.because}`,
      ...(verdict?.state === "unknown" ? { mend: verdict.mend } : {}),
      ...(also.length > 0 ? { also } : {}),
    };
  }
  return row;
}

/** What says which version runs: an image that a base names without a tag does not, where something else does. */
function telling(slots: Cell["slots"]): Cell["slots"] {
  const told = slots.filter(({ version }) => Object.keys(version).some((role) => role !== "name"));
  return told.length > 0 ? told : slots;
}

/** The board for a terminal. */
export function formatBoardText(board: readonly BoardRow[], paint: Paint): string {
  const lines: string[] = [];
  let app: string | undefined;
  const width = Math.max(0, ...board.map((row) => row.environment.length));
  for (const row of board) {
    if (row.app !== app) lines.push(...(app === undefined ? [] : [""]), paint("bold", visible(row.app)));
    app = row.app;
    const since = row.since
      ? paint(
          "dim",
          ` since ${formatTime(Date.parse(row.since.time))}${row.since.verified ? "" : " (by the commit)"}`,
        )
      : "";
    lines.push(`  ${visible(row.environment).padEnd(width)}  ${visible(versionsOf(row))}${since}`);
    if (!row.next) continue;
    const state = row.next.open ? paint("good", "ready") : paint("warning", "waits");
    lines.push(
      `  ${"".padEnd(width)}  ${state} ${visible(row.next.moves.join(", "))}: ${visible(row.next.because)}`,
    );
    if (row.next.mend) lines.push(`  ${"".padEnd(width)}  ${paint("dim", visible(row.next.mend))}`);
    for (const each of row.next.also ?? []) lines.push(`  ${"".padEnd(width)}    and for ${visible(each)}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** The board for a job summary. */
export function formatBoardMarkdown(board: readonly BoardRow[]): MarkdownSection {
  const rows = board.map((row) => [
    escapeMarkdown(row.app),
    escapeMarkdown(row.environment),
    codeSpan(versionsOf(row)),
    row.since ? formatTime(Date.parse(row.since.time)) : "",
    row.next
      ? `${row.next.open ? "ready" : "waits"}: ${escapeMarkdown(`${row.next.moves.join(", ")} (${[row.next.because, ...(row.next.also ?? [])].join("; ")})`)}`
      : "",
  ]);
  const full = `### Board\n\n${tableOf(["app", "environment", "runs", "since", "next"], rows)}\n`;
  const waiting = board.filter((row) => row.next).length;
  return {
    forms:
      rows.length === 0
        ? []
        : [full, `### Board\n\n${board.length} places, ${waiting} with something to promote.\n`],
  };
}

function versionsOf(row: BoardRow): string {
  const one = row.versions.length === 1;
  return row.versions
    .map(
      ({ subject, version, mixed }) =>
        `${one ? "" : `${subject.split("/").at(-1)} `}${version}${mixed ? " (and others)" : ""}`,
    )
    .join(", ");
}
