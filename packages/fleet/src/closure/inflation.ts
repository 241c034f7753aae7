import { joinPath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { type ClosureContext, exactly, type Reads, visit } from "./context.ts";
import { readChart } from "./helm.ts";
import { hostOf, isRemoteFile, withoutCredentials } from "./remote.ts";
import type { ChartUse } from "./use.ts";

/** What inflating one chart reads. Follows internal/builtins/HelmChartInflationGenerator.go. */
export async function readChartUse(
  tree: Tree,
  reads: Reads & { charts: string[] },
  folder: string,
  path: string,
  chart: ChartUse,
  context: ClosureContext,
): Promise<void> {
  reads.inflates = true;
  for (const { message, line } of chart.refused) refuse(reads, message, path, line);
  const found = await visit(tree, reads, chart.path, folder, exactly(path, chart.line));
  if (found.kind === "found" && found.entry.kind === "directory") {
    reads.charts.push(found.path);
    const inner = await readChart(tree, found.path, context);
    for (const file of inner.files) reads.files.add(file);
    for (const directory of inner.directories) reads.directories.add(directory);
    for (const name of inner.absent) reads.absent.add(name);
    reads.gaps.push(...inner.gaps);
    reads.escapes.push(...inner.escapes);
  } else if (chart.repo && found.kind !== "escape") {
    const url = withoutCredentials(chart.repo);
    const host = hostOf(chart.repo.replace(/^oci:/, "https:"));
    const version = chart.version ? ` ${chart.version}` : "";
    reads.gaps.push({
      code: "remote-chart",
      message: `the chart ${chart.name}${version} is pulled from ${url}; no folder ${chart.path} holds it`,
      location: exactly(path, chart.line),
      remote: { url, host, pinned: false },
    });
  }
  for (const values of chart.values) await readValues(tree, reads, folder, path, values);
}

async function readValues(
  tree: Tree,
  reads: Reads,
  folder: string,
  path: string,
  values: ChartUse["values"][number],
): Promise<void> {
  const location = exactly(path, values.line);
  // Given to Helm's -f, which reads a list of files in CSV.
  if (/[,"\r\n]/.test(joinPath(folder, values.path) ?? ""))
    refuse(reads, `${values.path} is refused: Helm would take the name for several files`, path, values.line);
  if (!isRemoteFile(values.path)) {
    await visit(tree, reads, values.path, folder, location);
    return;
  }
  const url = withoutCredentials(values.path);
  const host = hostOf(values.path);
  reads.gaps.push({
    code: "remote-file",
    message: `the values file ${url} is fetched from ${host}`,
    location,
    remote: { url, host, pinned: false },
  });
}

function refuse(reads: Reads, message: string, path: string, line: number): void {
  reads.escapes.push({ code: "chart-option", message, location: exactly(path, line) });
}
