import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Archive, Row } from "./archives.ts";
import { findProgram } from "./tools.ts";

/** What `gitops render` made of one expected row. */
export interface Verdict {
  archive: string;
  row: Row;
  /** Undefined: as expected. */
  wrong?: string;
}

/** What of index.json and report.json is judged, read here without our own schemas. */
interface Result {
  index: {
    overlays: {
      id: string;
      status: string;
      reason?: { code: string; message: string };
      head?: { manifest: string };
    }[];
  };
  report: {
    findings: { message: string; places: { overlay: string }[] }[];
    skipped: Listed[];
    failed: Listed[];
  };
}
interface Listed {
  id: string;
  message: string;
}

const gitops = [process.execPath, join(import.meta.dirname, "../../build/dist/gitops/index.js")] as const;

/** Renders each archive as a repository of its own with the command line, and compares with what is expected. */
export async function judgeRenders(archives: readonly Archive[], scratch: string): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const archive of archives) {
    const kustomize = archive.rows.filter((row) => row.kind === "kustomize");
    const helm = archive.rows.filter((row) => row.kind === "helm");
    commit(archive.folder);
    // Overlays are found without any configuration; charts need to be told the release name the expectation was made with.
    if (kustomize.length > 0)
      verdicts.push(
        ...judge(archive, kustomize, await render(archive, join(scratch, `${archive.name}-overlays`))),
      );
    if (helm.length === 0) continue;
    const config = join(archive.folder, "gitops.yaml");
    writeFileSync(config, JSON.stringify({ charts: chartRules(helm) }));
    verdicts.push(...judge(archive, helm, await render(archive, join(scratch, `${archive.name}-charts`))));
    rmSync(config);
  }
  return verdicts;
}

function commit(folder: string): void {
  rmSync(join(folder, ".git"), { recursive: true, force: true });
  const identity = [
    "-c",
    "user.name=corpora",
    "-c",
    "user.email=corpora@example.com",
    "-c",
    "core.autocrlf=false",
  ];
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A", "-f"],
    ["commit", "-q", "-m", "corpus"],
  ]) {
    execFileSync("git", [...identity, ...args], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  }
}

function chartRules(rows: readonly Row[]): object[] {
  return [...Map.groupBy(rows, (row) => row.folder)].map(([path, cases]) => ({
    path,
    "release-name": "r",
    "kube-version": "1.35.0",
    environments: Object.fromEntries(
      cases.map((row) => [environmentOf(row), (row.values ?? []).map((file) => file.slice(path.length + 1))]),
    ),
  }));
}

/** Expectations are told apart by values file, ours by environment. */
function environmentOf(row: Row): string {
  const file = row.values?.[0]?.slice(row.folder.length + 1) ?? "own";
  return file.replace(/[^A-Za-z0-9._-]/g, "-");
}

async function render(archive: Archive, out: string): Promise<Result> {
  mkdirSync(out, { recursive: true });
  const [node, ...args] = [...gitops, "render", archive.folder, "--out", out, "--allow-empty"];
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(node, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk) => (said += chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 || code === 1
        ? resolve(code)
        : reject(new Error(`${archive.name}: exit status ${code}: ${said}`)),
    );
  });
  const read = (name: string) => JSON.parse(readFileSync(join(out, name), "utf8"));
  const result: Result = { index: read("index.json"), report: read("report.json") };
  for (const overlay of result.index.overlays)
    if (overlay.head) overlay.head.manifest = join(out, overlay.head.manifest);
  if (status === 0 && result.report.failed.length > 0)
    throw new Error(`${archive.name}: exit status 0 although something failed`);
  return result;
}

function judge(archive: Archive, rows: readonly Row[], result: Result): Verdict[] {
  const overlays = new Map(result.index.overlays.map((overlay) => [overlay.id, overlay]));
  return rows.map((row) => {
    const id = row.kind === "helm" ? `${row.folder}@${environmentOf(row)}` : row.folder;
    const overlay = overlays.get(id) ?? overlays.get(row.folder);
    const wrong = overlay ? compare(archive, row, overlay, result) : missing(row, id, result);
    return { archive: archive.name, row, ...(wrong && { wrong }) };
  });
}

/** What kustomize itself makes of an overlay when it may call Helm. */
function withHelm(archive: Archive, row: Row): Buffer {
  const args = ["build", "--enable-helm", "--helm-command", findProgram("helm"), row.folder];
  return execFileSync(findProgram("kustomize"), args, {
    cwd: archive.folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function compare(
  archive: Archive,
  row: Row,
  overlay: Result["index"]["overlays"][number],
  { report }: Result,
): string | undefined {
  const { id, status, reason, head } = overlay;
  if (row.status === "ok") {
    if (!head) return `expected to render, is ${status}: ${reason?.message}`;
    const sha256 = createHash("sha256").update(readFileSync(head.manifest)).digest("hex");
    return row.sha256 === undefined || row.sha256 === sha256 ? undefined : `renders other bytes (${sha256})`;
  }
  if (row.status === "fail") {
    // The expectation was made without --enable-helm, which we pass where a chart is in the repository.
    if (status === "rendered" && /HelmChartInflationGenerator/.test(row.error)) {
      const reference = withHelm(archive, row);
      return head && Buffer.compare(reference, readFileSync(head.manifest)) === 0
        ? undefined
        : "renders other bytes than kustomize --enable-helm";
    }
    if (status !== "failed") return `expected to fail, is ${status}`;
    const finding = report.findings.find(({ places }) => places.some((place) => place.overlay === id));
    return finding ? undefined : "failed without a finding";
  }
  const listed = [...report.skipped, ...report.failed].find((each) => each.id === id);
  return listed && listed.message !== "" ? undefined : `expected to be listed as not rendered, is ${status}`;
}

function missing(row: Row, id: string, { report }: Result): string | undefined {
  const listed = report.skipped.find((each) => each.id === id || each.id === row.folder);
  return row.status === "skip" && listed
    ? undefined
    : `not found${listed ? `, listed as: ${listed.message}` : ""}`;
}

/** The table for the documentation, and whether all is as expected. */
export function describeRenders(verdicts: readonly Verdict[]): { markdown: string; ok: boolean } {
  const lines = [
    "| archive | overlays | charts | rendered as expected | failed as expected | skipped as expected | otherwise |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  const groups = [...Map.groupBy(verdicts, (verdict) => verdict.archive), ["all", verdicts] as const];
  for (const [name, group] of groups) {
    const count = (test: (verdict: Verdict) => boolean): number => group.filter(test).length;
    const good = (status: Row["status"]): number =>
      count(({ row, wrong }) => row.status === status && !wrong);
    const kinds = (["kustomize", "helm"] as const).map((kind) => count(({ row }) => row.kind === kind));
    lines.push(
      `| ${name} | ${kinds.join(" | ")} | ${good("ok")} | ${good("fail")} | ${good("skip")} | ${count(({ wrong }) => wrong !== undefined)} |`,
    );
  }
  const odd = verdicts.filter((verdict) => verdict.wrong);
  for (const { archive, row, wrong } of odd) {
    lines.push(
      "",
      `- ${archive}: ${row.folder}${row.values ? ` (${row.values.join(", ")})` : ""}: ${row.status} expected: ${wrong}`,
    );
  }
  return { markdown: lines.join("\n"), ok: odd.length === 0 };
}
