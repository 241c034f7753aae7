import type { Proof } from "./closure.ts";

/** The table of the proof, one line an archive, and what went wrong below it. */
export function describeProofs(proofs: readonly Proof[]): { markdown: string; ok: boolean } {
  const lines = [
    "| archive | overlays and charts | names used | missed | same bytes from the closure alone | files in closures | not looked at |",
    "|---|--:|--:|--:|--:|--:|--:|",
  ];
  const sum = (some: readonly Proof[], of: (proof: Proof) => number) =>
    some.reduce((total, each) => total + of(each), 0);
  const line = (name: string, some: readonly Proof[]) => {
    const same = some.filter((each) => each.differs === undefined).length;
    const cells = [
      some.length,
      sum(some, (each) => each.names),
      sum(some, (each) => each.missed.length),
      `${same} of ${some.length}`,
    ];
    return `| ${[name, ...cells, sum(some, (each) => each.files), sum(some, (each) => each.unused)].join(" | ")} |`;
  };
  const names = [...new Set(proofs.map((proof) => proof.archive))];
  for (const name of names)
    lines.push(
      line(
        name,
        proofs.filter((proof) => proof.archive === name),
      ),
    );
  lines.push(line("all", proofs));
  const wrong = proofs.filter((proof) => proof.missed.length > 0 || proof.differs !== undefined);
  for (const { archive, row, missed, differs } of wrong) {
    const what = [
      ...missed.slice(0, 10).map((name) => `missed \`${name}\``),
      ...(differs ? [differs] : []),
    ].join("; ");
    lines.push(
      ...(lines.at(-1)?.startsWith("|") ? [""] : []),
      `- ${archive}/${row.folder} ${row.values?.join(" ") ?? row.error}: ${what}`,
    );
  }
  return { markdown: lines.join("\n"), ok: wrong.length === 0 };
}
