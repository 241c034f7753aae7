// Documents of public repositories: what kustomize and Helm render of them, and kubeconform's own fixtures.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Archive, Row } from "../../corpora/archives.ts";
import { findProgram } from "../../corpora/tools.ts";

const run = promisify(execFile);

/** Texts of single documents with where they are from, in the order of archives and cases. */
export interface Sample {
  from: string;
  text: string;
}

/** Renders every overlay and chart that is expected to render; `width` processes at a time. */
export async function renderCorpora(archives: readonly Archive[], width: number): Promise<Sample[]> {
  const cases = archives.flatMap((archive) =>
    archive.rows.filter(({ status }) => status === "ok").map((row) => ({ archive, row })),
  );
  const texts: string[] = new Array(cases.length).fill("");
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < cases.length; index = next++) {
      texts[index] = await render(cases[index]!.archive, cases[index]!.row);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return cases.flatMap(({ archive, row }, index) =>
    splitDocuments(texts[index]!).map((text) => ({
      from: [archive.name, row.folder, ...(row.values ?? [])].join("/"),
      text,
    })),
  );
}

async function render({ folder }: Archive, row: Row): Promise<string> {
  const options = { cwd: folder, maxBuffer: 1 << 28, encoding: "utf8" as const };
  if (row.kind === "kustomize")
    return (await run(findProgram("kustomize"), ["build", row.folder], options)).stdout;
  const values = (row.values ?? []).flatMap((file) => ["-f", file]);
  return (
    await run(
      findProgram("helm"),
      ["template", "r", row.folder, ...values, "--kube-version", "1.35.0"],
      options,
    )
  ).stdout;
}

/** Documents of a stream, by the lines that begin with `---`; empty ones are left out. */
export function splitDocuments(text: string): string[] {
  return text
    .split(/^---(?:[ \t].*)?$/m)
    .filter((document) =>
      document.split("\n").some((line) => line.trim() !== "" && !line.trim().startsWith("#")),
    );
}

/** kubeconform's fixtures, document by document. */
export function readFixtures(folder: string): Sample[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(?:ya?ml|json)$/.test(name),
  );
  // JSON files that are schemas, and not manifests.
  const manifests = names.filter(
    (name) => !/^(?:registry|cache)\/.*json$|grafanaalertrulegroup_v1beta1\.json$/.test(name),
  );
  return manifests.sort().flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const documents = name.endsWith(".json") ? [text] : splitDocuments(text);
    return documents.map((document) => ({ from: `kubeconform-fixtures/${name}`, text: document }));
  });
}
