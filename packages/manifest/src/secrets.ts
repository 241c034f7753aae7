import { distance } from "fastest-levenshtein";
import { joinPointer } from "./pointer.ts";
import type { Json, JsonObject, Resource } from "./resource.ts";
import { isObject } from "./values.ts";

/** A value that must not be published, and the field that holds it. */
export interface SecretField {
  /** JSON Pointer into the resource's value. */
  pointer: string;
  /** The bytes it stands for: those behind the base64 of a Secret's data. */
  bytes: Buffer;
  /** Set where only the field's name gives it away (an env value, a ConfigMap's key). */
  guessed?: true;
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const sensitiveName =
  /(?:^|[^a-z0-9])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|(?:api|access|secret|private|auth|encryption|signing)[-_.]?key|auth)$|[a-z](?:Password|Passwd|Secret|Token|ApiKey|AccessKey|SecretKey|PrivateKey|Credentials?)$/;
/** Values of such fields that name something instead of being it: references, paths, placeholders, switches. */
const reference = /^\$[({]|^\/|^\{\{|^(?:true|false|null|none|enabled|disabled)$|^\d{1,9}$/i;

/** True for names such as DB_PASSWORD, api-key, private_key, authToken. */
export function isSensitiveName(name: string): boolean {
  return sensitiveName.test(/[a-z]/.test(name) ? name : name.toLowerCase());
}

/** Whether a value is probably secret because of the name of what holds it (an env variable, a key of a values file). */
export function isGuessedSecret(name: string, value: string): boolean {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)) return true;
  return value.length >= 6 && isSensitiveName(name) && !reference.test(value) && !isEncrypted(value);
}

/** A value encrypted by SOPS is what stands in Git for everyone to read: it is not plain, and not hidden. */
export function isEncrypted(value: string): boolean {
  return /^ENC\[[A-Z0-9_]+,data:/.test(value);
}

/** Every secret value that a resource holds, in the order of its fields. */
export function findSecrets(resource: Resource): SecretField[] {
  const found: SecretField[] = [];
  const { value } = resource;
  if (isSecret(value)) {
    addData(found, value, []);
    const annotation = annotationOf(value);
    if (annotation !== undefined) {
      found.push({
        pointer: joinPointer(["metadata", "annotations", lastApplied]),
        bytes: Buffer.from(annotation),
      });
      addApplied(found, annotation);
    }
  } else {
    const annotation = annotationOf(value);
    if (annotation !== undefined) addApplied(found, annotation);
    if (value.kind === "ConfigMap" && isObject(value.data)) addNamed(found, value.data, ["data"]);
    walkEnv(value, [], found);
  }
  return found;
}

/** Whether a kind is `Secret`, or so near that it was meant: a slip of the pen must not publish what is behind it. */
export function isSecretKind(kind: unknown): boolean {
  return typeof kind === "string" && distance(kind.toLowerCase(), "secret") <= 2;
}

/** Whether a field of a Secret is one that holds its values, or was meant to be. */
export function isSecretData(name: string): boolean {
  const given = name.toLowerCase();
  return distance(given, "data") <= 1 || distance(given, "stringdata") <= 2;
}

/** Whether all that a resource holds, besides what names it, may be secret. */
export function isSecret(value: JsonObject): boolean {
  // Other groups have kinds of that name, and what theirs hold stands under `spec`.
  return isSecretKind(value.kind) && !String(value.apiVersion ?? "").includes("/");
}

/** What names a Secret or says what it is, and what SOPS notes for everyone. */
const open: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "type", "immutable", "sops"]);

function annotationOf(value: JsonObject): string | undefined {
  const annotations = isObject(value.metadata) ? value.metadata.annotations : undefined;
  const text =
    isObject(annotations) && Object.hasOwn(annotations, lastApplied) ? annotations[lastApplied] : undefined;
  return typeof text === "string" ? text : undefined;
}

function addData(found: SecretField[], secret: JsonObject, prefix: readonly string[]): void {
  for (const field of Object.keys(secret)) {
    if (open.has(field)) continue;
    const values = secret[field] as Json;
    // `apiVesion: v1` is no secret, and hiding every v1 would hide the report.
    if (typeof values === "string" && !isSecretData(field))
      addGuess(found, field, values, [...prefix, field]);
    else if (typeof values === "object" || isSecretData(field))
      walkLeaves(values, [...prefix, field], (leaf, tokens) => {
        if (isEncrypted(leaf) || leaf === "") return;
        found.push({
          pointer: joinPointer(tokens),
          bytes: field === "data" ? decodeData(leaf) : Buffer.from(leaf),
        });
      });
  }
}

/** What `kubectl apply` keeps: the whole Secret once more, as JSON. Its values have no field of their own. */
function addApplied(found: SecretField[], annotation: string): void {
  let applied: unknown;
  try {
    applied = JSON.parse(annotation);
  } catch {
    return;
  }
  if (isObject(applied as Json) && isSecret(applied as JsonObject)) {
    addData(found, applied as JsonObject, ["metadata", "annotations", lastApplied]);
  }
}

function addNamed(found: SecretField[], values: JsonObject, tokens: readonly string[]): void {
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (typeof value === "string") addGuess(found, name, value, [...tokens, name]);
  }
}

function addGuess(
  found: SecretField[],
  name: string,
  value: string,
  tokens: readonly (string | number)[],
): void {
  if (!isGuessedSecret(name, value)) return;
  found.push({ pointer: joinPointer(tokens), bytes: Buffer.from(value), guessed: true });
}

/** `path` is used as a stack. */
function walkEnv(value: Json, path: (string | number)[], found: SecretField[]): void {
  if (Array.isArray(value)) {
    const isEnv = path.at(-1) === "env";
    for (const [index, item] of value.entries()) {
      path.push(index);
      if (isEnv && isObject(item) && typeof item.name === "string" && typeof item.value === "string") {
        addGuess(found, item.name, item.value, [...path, "value"]);
      }
      walkEnv(item, path, found);
      path.pop();
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      path.push(key);
      walkEnv(value[key] as Json, path, found);
      path.pop();
    }
  }
}

function walkLeaves(
  value: Json,
  tokens: readonly string[],
  visit: (leaf: string, tokens: readonly string[]) => void,
): void {
  if (Array.isArray(value))
    for (const [i, item] of value.entries()) walkLeaves(item, [...tokens, String(i)], visit);
  else if (isObject(value))
    for (const key of Object.keys(value)) walkLeaves(value[key] as Json, [...tokens, key], visit);
  else if (value !== null) visit(String(value), tokens);
}

/** The bytes behind a Secret's data; the text itself where it is not base64. */
export function decodeData(text: string): Buffer {
  const compact = text.replace(/\s+/g, "");
  const bytes = Buffer.from(compact, "base64");
  return compact.length % 4 === 0 && bytes.toString("base64") === compact ? bytes : Buffer.from(text);
}
