import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Case, writeCase } from "./cases.ts";

/** One row of an expected file: what the reference tool made of an overlay or a chart. */
export interface Row {
  /** Folder, relative to the archive. */
  folder: string;
  /** Of charts: values files relative to the archive; none for the chart's own. */
  values?: string[];
  kind: "kustomize" | "helm";
  status: "ok" | "fail" | "skip";
  /** Of standard output, where it is known. */
  sha256?: string;
  /** Two runs give the same output. */
  stable: boolean;
  error: string;
}

/** An archive that was unpacked, with what is expected of it. */
export interface Archive {
  name: string;
  /** Absolute path. */
  folder: string;
  rows: Row[];
}

/** Unpacks every NAME.tar.xz of a folder into a new temporary folder and reads the expected files beside them. */
export function unpackArchives(source: string): { archives: Archive[]; temporary: string } {
  const temporary = mkdtempSync(join(tmpdir(), "corpora-"));
  const names = readdirSync(source)
    .filter((file) => file.endsWith(".tar.xz"))
    .map((file) => file.slice(0, -".tar.xz".length))
    .sort();
  if (names.length === 0) throw new Error(`${source} holds no NAME.tar.xz`);
  const archives = names.map((name) => {
    execFileSync("tar", ["-xJf", join(source, `${name}.tar.xz`), "-C", temporary]);
    return { name, folder: join(temporary, name), rows: readRows(source, name) };
  });
  return { archives, temporary };
}

/** overlay, status, sha256, documents, error; and chart, values, status, sha256, deterministic, error. `-` is none. */
function readRows(source: string, name: string): Row[] {
  const overlays = table(join(source, `${name}.expected.tsv`)).map((cells): Row => {
    const [folder = "", status, sha256 = "-", , error = ""] = cells;
    const more = { stable: true, ...optional("sha256", sha256) };
    return { folder, kind: "kustomize", status: status as Row["status"], error, ...more };
  });
  const charts = table(join(source, `${name}.helm-expected.tsv`)).map((cells): Row => {
    const [folder = "", values = "-", status, sha256 = "-", deterministic, error = ""] = cells;
    const more = { stable: deterministic === "yes", ...optional("sha256", sha256) };
    const files = values === "-" ? {} : { values: [`${folder}/${values}`] };
    return { folder, kind: "helm", status: status as Row["status"], error, ...files, ...more };
  });
  return [...overlays, ...charts];
}

function table(path: string): string[][] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(1);
  return lines.filter((line) => line !== "").map((line) => line.split("\t"));
}

function optional<Key extends string>(key: Key, value: string): { [K in Key]?: string } {
  return (value === "-" ? {} : { [key]: value }) as { [K in Key]?: string };
}

/** The cases that may be rendered, each as an archive of one row. */
export function writeCases(cases: readonly Case[], folder: string): Archive[] {
  return cases
    .filter((one) => one.renders !== "never")
    .map((one, index) => {
      const own = join(folder, String(index));
      writeCase(one, own);
      const { path, kind, values = [] } = one.overlay;
      const status = one.renders === "ok" ? "ok" : "fail";
      const row: Row = {
        folder: path,
        kind,
        status,
        error: one.name,
        stable: true,
        ...(values.length > 0 ? { values } : {}),
      };
      return { name: "one of each", folder: own, rows: [row] };
    });
}
