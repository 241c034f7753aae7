import { posix } from "node:path";
import { parseHelmError } from "./helmerror.ts";
import type { Pointer } from "./locate.ts";
import {
  errorLines,
  type RenderPlace,
  relativePaths,
  shorten,
  type ToolMessage,
  unquoteGo,
} from "./toolmessage.ts";

/** `# Warning: ...`, Go's logger with the time of day in front, and an option that is out of fashion. */
const warning = /^(?:# |\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )Warning: |^(?=Flag --\S+ has been deprecated)/;

/** Warnings that kustomize printed beside its output, without their marker. */
export function parseKustomizeWarnings(stderr: string, place: RenderPlace): string[] {
  const lines = relativePaths(stderr, place).split("\n");
  return lines.filter((line) => warning.test(line)).map((line) => shorten(line.replace(warning, "")));
}

/**
 * What `kustomize build` or `kubectl kustomize` said when it failed. kustomize wraps an error once for each
 * kustomization on the way and tells both what failed as a file and what failed as a folder: the wrapping gives the
 * place, the innermost part is the reason.
 */
export function parseKustomizeError(stderr: string, place: RenderPlace): ToolMessage {
  const body = errorText(errorLines(stderr, warning, place));
  const { reason, folder, named } = unwrap(body, place.overlay);
  return helmMessage(reason, place) ?? classify(reason, folder, named);
}

function errorText(body: string): string {
  // kubectl up to 1.33 logs its errors: E1124 06:57:43.761415 28875 run.go:72] "command failed" err="..."
  const logged = /\] "command failed" err=("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  return logged ? unquoteGo(logged) : body.replace(/^error: /i, "");
}

interface Unwrapped {
  reason: string;
  /** Folder of the kustomization that failed. */
  folder: string;
  /** What that kustomization names and could not be read. */
  named?: string;
}

function unwrap(body: string, overlay: string): Unwrapped {
  let state: Unwrapped = { reason: body, folder: overlay };
  for (let inner = peel(state); inner; inner = peel(state)) state = inner;
  return state;
}

/** Takes off the outermost wrapping; undefined when there is none. */
function peel({ reason, folder, named }: Unwrapped): Unwrapped | undefined {
  const asFolder =
    /^(?:accumulating \w+: )?accumulation err='accumulating \w+ from '.*?': '([^']*)' must resolve to a file': (.*)$/s.exec(
      reason,
    );
  if (asFolder) return { folder: asFolder[1] ?? folder, reason: asFolder[2] ?? "" };
  const asFile =
    /^(?:accumulating \w+: )?accumulation err='accumulating \w+ from '(.*?)': (.*)': (?:must build at directory|new root)[: ].*$/s.exec(
      reason,
    );
  if (asFile) return { folder, named: asFile[1] ?? "", reason: asFile[2] ?? "" };
  // A remote source: first tried as a file, then fetched with Git.
  const asRemote =
    /^(?:accumulating \w+: )?accumulation err='accumulating \w+ from '(.*?)': .*?': (failed to run .*)$/s.exec(
      reason,
    );
  if (asRemote) return { folder, named: asRemote[1] ?? "", reason: asRemote[2] ?? "" };
  const read = /^(?:accumulating \w+: )?accumulating \w+ from '(.*?)': (.*)$/s.exec(reason);
  if (read) return { folder, named: read[1] ?? "", reason: read[2] ?? "" };
  const inside =
    /^(?:recursed accumulation of path|recursed merging from path|couldn't make target for path) '([^']*)': (.*)$/s.exec(
      reason,
    );
  if (inside) return { folder: inside[1] ?? folder, reason: inside[2] ?? "" };
  const quoted = /^accumulating \w+: (?:accumulateDirectory: |loader\.New )"(.*)"$/s.exec(reason);
  if (quoted) return { folder, ...(named ? { named } : {}), reason: quoted[1] ?? "" };
  const plain = /^accumulating \w+: (.*)$/s.exec(reason);
  return plain ? { folder, ...(named ? { named } : {}), reason: plain[1] ?? "" } : undefined;
}

/** What Helm said when kustomize had it inflate a chart: `<Helm's words>: unable to run: 'helm template r CHART ...' with env=...`. */
function helmMessage(reason: string, place: RenderPlace): ToolMessage | undefined {
  const ran = /^(.*): unable to run: '\S+ (\w+) \S+ (\S+) .*? with env=/s.exec(reason);
  if (!ran) return undefined;
  const [, said = "", command, chart = ""] = ran;
  if (command === "template") return parseHelmError(said, { ...place, overlay: chart });
  const message = `A chart is not in the repository and would have to be fetched, and the network is closed: ${shorten(said)}`;
  return { code: "remote", message, at: { path: place.overlay, kustomization: true } };
}

/** kustomize quotes the whole configuration of a built-in generator or transformer before its reason. */
const configured = /^trouble configuring builtin (\w+) with config: `\n.*?\n`: (.*)$/s;

function classify(given: string, folder: string, named: string | undefined): ToolMessage {
  const [, plugin, rest] = configured.exec(given) ?? [];
  const reason = rest ?? given;
  const kustomization: Pointer = { path: folder, kustomization: true };
  const naming: Pointer = named ? { ...kustomization, text: named } : kustomization;
  const file: Pointer = named ? { path: posix.join(folder, named) } : kustomization;

  const malformed = /^(?:MalformedYAMLError: )?yaml: (?:line (\d+): )?(.*) in File: (.*)$/s.exec(reason);
  if (malformed) {
    const path = posix.join(folder, malformed[3] ?? "");
    return {
      code: "invalid-yaml",
      message: `${path} is not YAML: ${lineOf(malformed[1])}${malformed[2]}`,
      at: { path, ...lineNumber(malformed[1]) },
    };
  }
  const invalid = /^invalid Kustomization: (.*)$/s.exec(reason);
  if (invalid) {
    const detail = (invalid[1] ?? "").replace(/^json: /, "");
    const field =
      /unknown field "(.*?)"/.exec(detail)?.[1] ?? /Go struct field [A-Z]\w*\.([a-z]\w*)/.exec(detail)?.[1];
    const line = /^yaml: line (\d+)/.exec(detail)?.[1];
    const at = { ...kustomization, ...lineNumber(line), ...(field ? { text: field } : {}) };
    return {
      code: "invalid-kustomization",
      message: `${kustomizationOf(folder)} is not valid: ${detail}`,
      at,
    };
  }
  const missing = /evalsymlink failure on '.*?' : lstat (\S+): no such file or directory/.exec(reason);
  if (missing) {
    const path = missing[1] ?? "";
    const text = textNaming(path, folder, named);
    return {
      code: "missing-file",
      message: `${path} does not exist; ${kustomizationOf(folder)} names it.`,
      at: { ...kustomization, ...(text ? { text } : {}) },
      missing: path,
    };
  }
  const outside = /security; file '(.*?)' is not in or below '(.*?)'/.exec(reason);
  if (outside)
    return {
      code: "outside-root",
      message: `${outside[1]} is not in or below ${outside[2]}, and kustomize reads no files from elsewhere.`,
      at: naming,
    };
  if (/^no kustomization|^unable to find one of 'kustomization.yaml'/.test(reason)) {
    return { code: "no-kustomization", message: shorten(reason), at: naming };
  }
  if (
    /proxyconnect tcp|git fetch|failed to run '.*git|transport '.*' not allowed|HTTP Error|repoSpec|no 'git' program/.test(
      reason,
    )
  ) {
    return {
      code: "remote",
      message: `${named ?? "A remote source"} would have to be fetched, and the network is closed: ${shorten(firstLine(reason))}`,
      at: naming,
    };
  }
  const code = codes.find(([pattern]) => pattern.test(reason))?.[1] ?? "failed";
  const message = `${plugin ? `${plugin}: ` : ""}${named ? `${file.path}: ` : ""}${reason}`;
  return { code, message: shorten(message), at: named ? file : kustomization };
}

const codes: readonly (readonly [RegExp, string])[] = [
  [/mapping key .* already defined/, "invalid-yaml"],
  [/cycle detected/, "cycle"],
  [/already registered id/, "duplicate-id"],
  [/no matches for Id|unable to find patch target|no resource matches strategic merge patch/, "patch-target"],
  [/must specify --enable-helm/, "needs-helm"],
  [/plugins disabled|unable to load external plugin/, "plugin"],
  [/permission denied/, "unreadable"],
  [/no repo specified for pull/, "missing-chart"],
  [
    /kind should be Kustomization|expected kind 'Component'|kustomization\.yaml is empty|multiple kustomization files/i,
    "invalid-kustomization",
  ],
  [/missing Resource metadata|missing metadata\.name/, "invalid-resource"],
];

function kustomizationOf(folder: string): string {
  return folder === "." ? "the kustomization" : `the kustomization of ${folder}`;
}

/** The kustomization writes a path relative to itself; its last part is what can be found in any case. */
function textNaming(path: string, folder: string, named: string | undefined): string {
  return named ?? (posix.relative(folder, path) || posix.basename(path));
}

function lineOf(line: string | undefined): string {
  return line ? `line ${line}: ` : "";
}

function lineNumber(line: string | undefined): { line?: number } {
  return line ? { line: Number(line) } : {};
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
