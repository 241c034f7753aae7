import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { unpackArchives } from "./archives.ts";
import { describeMistakes, type MistakeVerdict } from "./mistake-judge.ts";
import { proveMistakes } from "./mistakes.ts";
import { describeOrigins, proveOrigins, writeOrigins } from "./origin.ts";

export interface LineOptions {
  only?: string | undefined;
  /** Fields, or mistakes that are found, of each kind of overlay. */
  count: number;
  seed: number;
  write: boolean;
}

/**
 * `origins`: edits the line that is named for a field, and looks whether the field changes. `mistakes`: makes a mistake in
 * a line, and looks whether the finding names it. Answers an exit status.
 */
export async function judgeLines(
  what: "origins" | "mistakes",
  source: string,
  { only, count, seed, write }: LineOptions,
): Promise<number> {
  const { archives, temporary } = unpackArchives(source);
  try {
    const chosen = archives.filter(({ name }) => only === undefined || name === only);
    const scratch = join(temporary, ".scratch");
    mkdirSync(scratch);
    const width = availableParallelism();
    const isWhole = write && only === undefined;
    if (what === "origins") {
      const verdicts = await proveOrigins(chosen, scratch, { fields: count, seed, width });
      const table = describeOrigins(verdicts);
      console.log(table.markdown);
      if (isWhole) writeOrigins(table.markdown);
      return table.ok ? 0 : 1;
    }
    const hear = (verdict: MistakeVerdict): void => console.error(describeVerdict(verdict));
    const verdicts = await proveMistakes(chosen, scratch, { wanted: count, each: 4, seed, width, hear });
    const table = describeMistakes(verdicts);
    console.log(table.markdown);
    if (isWhole) writeMistakes(table.markdown);
    return table.ok ? 0 : 1;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** One verdict in a line; with what was made and said, unless all is well. */
function describeVerdict({ verdict, archive, row, path, mistake, finding }: MistakeVerdict): string {
  const { rule, field = "", message, location } = finding;
  const made = `${verdict}: ${row.kind} ${archive}/${path}:${mistake.lines[0]} ${mistake.what}`;
  if (verdict === "exact") return made;
  const own = mistake.text.split("\n")[mistake.lines[0]! - 1]?.trim();
  return `${made}: ${own}\n  ${rule} ${field}: ${message}\n  ${JSON.stringify(location)}`;
}

/** Puts the table into docs/origin.md, between its marks. */
function writeMistakes(markdown: string): void {
  const path = join(import.meta.dirname, "../../docs/origin.md");
  const text = readFileSync(path, "utf8");
  const marks = /(<!-- mistakes -->\n)[\s\S]*(<!-- \/mistakes -->)/;
  if (!marks.test(text)) throw new Error("docs/origin.md lacks the marks of the mistakes");
  writeFileSync(
    path,
    text.replace(marks, (_all, before, after) => `${before}${markdown}\n${after}`),
  );
}
