import { type Json, valueAt } from "@gitops-actions/manifest";
import { nameOf } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { type ChartFiles, filesIn, readChartFiles } from "./chartfiles.ts";
import {
  createSpots,
  definitionsOf,
  instrumentDefinitions,
  instrumentFile,
  readTemplate,
  type Spots,
  type Template,
} from "./instrument.ts";
import type { Probe } from "./probe.ts";
import { joinName } from "./values.ts";

/** The templates of a chart and of the unpacked charts in it, and what makes their output say where it comes from. */
export interface Instrumented {
  templates: Template[];
  definitions: ReturnType<typeof definitionsOf>;
  spots: Spots;
  probe: Probe;
  files: ChartFiles;
}

const added = "gitops-origin";

/**
 * Reads a chart's templates and adds one template to each chart, which prints every file's output once more, with
 * marks. The chart's own templates stay as they are.
 */
export async function instrumentChart(tree: Tree, folder: string): Promise<Instrumented> {
  const templates: Template[] = [];
  for (const chart of chartFolders(tree, folder)) {
    for (const path of filesIn(tree, joinName(chart, "templates"))) {
      const text = new TextDecoder().decode(await tree.read(path));
      const template = /\.(?:ya?ml|tpl|json)$/.test(path) ? readTemplate(path, chart, text) : undefined;
      if (template) templates.push(template);
    }
  }
  const spots = createSpots();
  const definitions = definitionsOf(templates);
  const files = new Map<string, string>();
  files.set(joinName(folder, `templates/_${added}.tpl`), instrumentDefinitions(definitions, spots));
  for (const [index, template] of templates.entries()) {
    if (nameOf(template.path).startsWith("_")) continue;
    const path = joinName(template.chart, `templates/${added}.yaml`);
    files.set(path, (files.get(path) ?? "") + instrumentFile(template, index, definitions, spots));
  }
  return {
    templates,
    definitions,
    spots,
    probe: { files, annotate: false },
    files: await readChartFiles(tree, templates),
  };
}

/** A chart folder and the unpacked charts it holds, at any depth. */
function* chartFolders(tree: Tree, folder: string): Generator<string> {
  yield folder;
  for (const entry of tree.children(joinName(folder, "charts"))) {
    if (entry.kind === "directory" && !/^[._]/.test(nameOf(entry.path)))
      yield* chartFolders(tree, entry.path);
  }
}

/** Whether a rendered object is one of those that were added. */
export function isAdded(value: Json | undefined): boolean {
  return typeof valueAt(value, `/data/${added}`) === "string";
}

/** What each file printed, by the name that Helm gives it in `# Source:`, with the file's template. */
export function readPrinted(
  values: readonly Json[],
  { templates }: Pick<Instrumented, "templates">,
): Map<string, { template: Template; output: string }> {
  const found = new Map<string, { template: Template; output: string }>();
  for (const value of values) {
    const template = templates.find(({ path }) => path === valueAt(value, `/data/${added}`));
    const [name, output] = [valueAt(value, "/data/name"), valueAt(value, "/data/text")];
    if (!template || typeof name !== "string" || typeof output !== "string") continue;
    // NAME/charts/KEY/templates/gitops-origin.yaml
    const base = name.slice(0, -`templates/${added}.yaml`.length);
    const path = template.chart === "" ? template.path : template.path.slice(template.chart.length + 1);
    // What Helm itself takes out of each file when it has rendered (pkg/engine/engine.go): here it is behind escapes.
    found.set(base + path, { template, output: output.replaceAll("<no value>", "") });
  }
  return found;
}

/** The keys by which a chart's values stand in those of the charts around it, from its name in `# Source:`. */
export function chartKeys(source: string): string[] {
  const [, ...keys] = source.replace(/\/(?:templates|crds)\/.*$/, "").split("/charts/");
  return keys;
}
