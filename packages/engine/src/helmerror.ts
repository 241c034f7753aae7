import { posix } from "node:path";
import type { Pointer } from "./locate.ts";
import {
  errorLines,
  type RenderPlace,
  relativePaths,
  shorten,
  type ToolMessage,
  unquoteGo,
} from "./toolmessage.ts";

/** Warnings that Helm logged beside its output: `level=WARN msg="..."` of Helm 4, `coalesce.go:286: warning: ...` of 3. */
export function parseHelmWarnings(stderr: string, place: RenderPlace): string[] {
  const warnings: string[] = [];
  for (const line of relativePaths(stderr, place).split("\n")) {
    const logged = /^level=(?:WARN|INFO) msg=("(?:[^"\\]|\\.)*"|\S+)(.*)$/.exec(line);
    if (logged && (/^level=WARN/.test(line) || /warning/i.test(line))) {
      warnings.push(shorten(`${unquoteGo(logged[1] ?? "")}${logged[2]}`.replace(/^warning: /i, "")));
    } else if (/warning: /i.test(line) && !logged) {
      warnings.push(shorten(line.replace(/^.*?warning: /i, "")));
    }
  }
  return warnings;
}

/** Logged beside the error (Helm 4, Helm 3), and the advice that follows it. */
const noise = /^level=|^coalesce\.go|^walk\.go|^Use --debug flag/;

/** What `helm template` said when it failed (Helm 3 and 4). */
export function parseHelmError(stderr: string, place: RenderPlace): ToolMessage {
  const body = errorLines(stderr, noise, place).replace(/^Error: /, "");
  return templateError(body, place) ?? fileError(body, place) ?? otherError(body, place);
}

/** Template names begin with the chart's name; on disk the chart is the overlay's folder. */
function onDisk(template: string, place: RenderPlace): string {
  return posix.join(place.overlay, template.split("/").slice(1).join("/"));
}

function templateError(body: string, place: RenderPlace): ToolMessage | undefined {
  // Helm 4 prints one block for each template on the way: "c/templates/a.yaml:4:18", two spaces and where, four and
  // why. The last place is where it happened.
  const places = [...body.matchAll(/^(\S+?):(\d+)(?::\d+)?$/gm)];
  const last = places.at(-1);
  if (last) {
    const why =
      lastMatch(body, /^ {4}(?!error calling)(.+)$/gm) ??
      lastMatch(body, /^(template: .+)$/gm) ??
      lastMatch(body, /^ {4}(.+)$/gm) ??
      "";
    const where = lastMatch(body, /^ {2}executing .*? at (<.*>):$/gm);
    return failed(
      "template",
      onDisk(last[1] ?? "", place),
      last[2],
      `${why}${where ? ` (at ${where})` : ""}`,
    );
  }
  const executed = /^execution error at \((\S+?):(\d+)(?::\d+)?\): (.*)$/s.exec(body);
  if (executed) return failed("template", onDisk(executed[1] ?? "", place), executed[2], executed[3] ?? "");
  const parsed = /^(?:parse error at|parsing error:?) \((\S+?):(\d+)(?::\d+)?\): (.*)$/s.exec(body);
  if (parsed) return failed("template", onDisk(parsed[1] ?? "", place), parsed[2], parsed[3] ?? "");
  // Helm 3: template: c/templates/a.yaml:4:18: executing "c/templates/a.yaml" at <.Values.x.y>: nil pointer ...
  const chain = [...body.matchAll(/template: (\S+?):(\d+)(?::\d+)?: /g)].at(-1);
  if (chain)
    return failed(
      "template",
      onDisk(chain[1] ?? "", place),
      chain[2],
      body.slice(chain.index + chain[0].length),
    );
  const rendered = /^YAML parse error on (\S+): (?:error converting YAML to JSON: )?(.*)$/s.exec(body);
  if (rendered)
    return failed(
      "invalid-output",
      onDisk(rendered[1] ?? "", place),
      undefined,
      `what the template makes is not YAML: ${rendered[2]}`,
    );
  return undefined;
}

function fileError(body: string, place: RenderPlace): ToolMessage | undefined {
  const values = /^failed to parse (.*?): (.*)$/s.exec(body);
  if (values) {
    const line = /line (\d+)/.exec(values[2] ?? "")?.[1];
    return failed("invalid-yaml", values[1] ?? "", line, yamlReason(values[2] ?? ""));
  }
  const chartFile = /^cannot load (\S+): (.*)$/s.exec(body);
  if (chartFile) {
    const line = /line (\d+)/.exec(chartFile[2] ?? "")?.[1];
    return failed(
      "invalid-chart",
      posix.join(place.overlay, chartFile[1] ?? ""),
      line,
      yamlReason(chartFile[2] ?? ""),
    );
  }
  if (/^unable to detect chart/.test(body)) return { code: "invalid-chart", message: shorten(body) };
  const absent = /open (\S+): no such file or directory/.exec(body);
  if (absent) return { code: "missing-file", message: `${absent[1]} does not exist.`, missing: absent[1]! };
  return undefined;
}

function otherError(body: string, place: RenderPlace): ToolMessage {
  const at: Pointer = { path: posix.join(place.overlay, "Chart.yaml") };
  if (/^values don't meet the specifications/.test(body)) {
    return {
      code: "values-schema",
      message: shorten(body),
      at: { path: posix.join(place.overlay, "values.yaml") },
    };
  }
  const dependency = /found in Chart\.yaml, but missing in charts\/ directory: (.*)/.exec(body)?.[1];
  if (dependency) {
    const text = dependency.split(",")[0]?.trim() ?? "";
    const message = `The chart's dependencies are not in its charts/ folder: ${dependency}. Nothing is downloaded while rendering: commit what \`helm dependency build\` fetches.`;
    return { code: "missing-dependency", message, at: { ...at, text } };
  }
  if (/^chart requires kubeVersion/.test(body))
    return { code: "kube-version", message: shorten(body), at: { ...at, text: "kubeVersion" } };
  if (/^release name check failed/.test(body)) return { code: "release-name", message: shorten(body) };
  if (/^validation: chart\.metadata|^chart metadata|Chart\.yaml file is missing/.test(body))
    return { code: "invalid-chart", message: shorten(body), at };
  return { code: "failed", message: shorten(body), at };
}

function failed(code: string, path: string, line: string | undefined, why: string): ToolMessage {
  const at: Pointer = { path, ...(line ? { line: Number(line) } : {}) };
  return { code, message: shorten(`${path}${line ? `:${line}` : ""}: ${why.trim()}`), at };
}

function yamlReason(text: string): string {
  return text.replace(/^(cannot unmarshal yaml document: )?(error converting YAML to JSON: )?/, "");
}

function lastMatch(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}
