import {
  decodeData,
  isEncrypted,
  isGuessedSecret,
  isSecretData,
  isSecretKind,
} from "@gitops-actions/manifest";

/** What a source text gives away of secrets. Found line by line, since a source that fails to render may be no YAML at all. */
export interface TextSecrets {
  /** The secret bytes, in the order of the text. */
  values: Buffer[];
  /** Values of a chart that its Secrets are made from: `db.password` for `.Values.db.password`. */
  references: string[];
  /** Files of secretGenerators: the whole file is secret, or each line of it. */
  files: string[];
}

const kinds = /(?:^|[\s{,"'])kind["']?[ \t]*:[ \t]*["']?(\w+)/g;
const generator = /secretgenerator["']?[ \t]*:|kind["']?[ \t]*:[ \t]*["']?SecretGenerator\b/i;
/** `key: value`, `"key": "value"`, `KEY=value`, also several in one line. */
const pairs =
  /(?<![\w.-])["']?([\w.-]+)["']?[ \t]*[:=][ \t]*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,}\]"']+)/g;
/** A longer line was written by a program, and no tool quotes it whole. */
const longestLine = 16 * 1024;

/** Looks for secrets in the text of a manifest, kustomization, template, values file or env file. */
export function findTextSecrets(text: string): TextSecrets {
  const found: TextSecrets = { values: [], references: [], files: [] };
  for (const document of text.split(/^---/m)) {
    const lines = document.split(/\r?\n/).map((line) => line.slice(0, longestLine));
    if ([...document.matchAll(kinds)].some(([, kind]) => isSecretKind(kind))) readData(lines, found);
    if (generator.test(document)) readGenerators(lines, found);
    readPatches(lines, found);
    readNamed(lines, found);
  }
  return found;
}

/** The blocks below `data` and `stringData`, misspelt or not, wherever in the document: also in a patch inside a kustomization. */
function readData(lines: readonly string[], found: TextSecrets): void {
  for (const [start, line] of lines.entries()) {
    const head = /^([ \t-]*)["']?(\w+)["']?[ \t]*:[ \t]*(.*)$/.exec(line);
    if (!head || !isSecretData(head[2]!)) continue;
    const add = (value: string) => addValue(value, head[2] === "data", found);
    for (const [, , value] of (head[3] ?? "").matchAll(pairs)) add(value ?? "");
    for (let at = start + 1; at < lines.length; at++) {
      const inner = lines[at]!;
      if (inner.trim() === "") continue;
      if (indentOf(inner) <= indentOf(head[1] ?? "")) break;
      add(/^\s*["']?[\w.-]+["']?[ \t]*:[ \t]*(.*)$/.exec(inner)?.[1] ?? inner);
    }
  }
}

function addValue(written: string, encoded: boolean, found: TextSecrets): void {
  const text = bare(written);
  if (/^[|>][-+\d]*$/.test(text) || text === "" || isEncrypted(text)) return;
  if (!text.includes("{{")) {
    found.values.push(encoded ? decodeData(text) : Buffer.from(text));
    return;
  }
  for (const [, path] of text.matchAll(/\.Values((?:\.\w+)+)/g)) found.references.push(path!.slice(1));
  for (const [literal] of text.matchAll(/"(?:[^"\\]|\\.)+"|`[^`]+`/g))
    found.values.push(Buffer.from(bare(literal)));
}

/** `literals`, `files` and `envs` below a secretGenerator, as lists or in one line. */
function readGenerators(lines: readonly string[], found: TextSecrets): void {
  let field = "";
  for (const line of lines) {
    const head =
      /^[ \t-]*["']?(literals|files|envs|env|name|type|options|behavior|namespace)["']?[ \t]*:(.*)$/i.exec(
        line,
      );
    if (head) field = head[1]!.toLowerCase();
    const inner = head ? head[2]! : (/^\s*-\s+(.*)$/.exec(line)?.[1] ?? "");
    const items = inner.trim().startsWith("[") ? inner.replace(/^\s*\[|\]\s*$/g, "").split(",") : [inner];
    for (const item of items.map(bare)) {
      if (item === "") continue;
      if (field === "literals") found.values.push(Buffer.from(bare(item.slice(item.indexOf("=") + 1))));
      if (field === "files" || field.startsWith("env")) found.files.push(item.replace(/^[^=]*=/, ""));
    }
  }
}

/** Operations of a JSON patch on the data of what may be a Secret. */
function readPatches(lines: readonly string[], found: TextSecrets): void {
  for (const [at, line] of lines.entries()) {
    if (!/path["']?[ \t]*:[ \t]*["']?\/(?:data|stringData)\b/.test(line)) continue;
    for (const near of lines.slice(Math.max(0, at - 2), at + 3)) {
      const value = /(?:^|[\s{,"'-])value["']?[ \t]*:[ \t]*(.+)$/.exec(near)?.[1];
      if (value) addValue(value.replace(/\}\s*\]?\s*$/, ""), true, found);
    }
  }
}

/** Values whose key says what they are, and those of env variables whose name does. */
function readNamed(lines: readonly string[], found: TextSecrets): void {
  let name = "";
  for (const line of lines) {
    const whole = /^\s*(?:-\s+)?["']?([\w.-]+)["']?[ \t]*[:=][ \t]*(.+)$/.exec(line);
    if (whole) addNamed(whole[1]!, whole[2]!, found);
    for (const [, key = "", value = ""] of line.matchAll(pairs)) {
      addNamed(key, value, found);
      if (key === "name") name = bare(value);
      if (key === "value") addNamed(name, value, found);
    }
  }
}

function addNamed(name: string, written: string, found: TextSecrets): void {
  const value = bare(written);
  if (isGuessedSecret(name, value)) found.values.push(Buffer.from(value));
}

function bare(written: string): string {
  const text = written.trim().replace(/^(["'`])(.*)\1(?:\s+#.*)?$/, "$2");
  return text.replace(/\s+#.*$/, "").trim();
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
