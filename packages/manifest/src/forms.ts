import { isSensitiveName } from "./secrets.ts";

/** Shorter texts are not looked for: they are ordinary words, and say too little when they leak. */
export const minSecretLength = 6;

/** Words that occur in Secrets and everywhere else; hiding them in messages would hide the message. */
const ordinary = new Set(
  "default localhost enabled disabled postgres postgresql username password database production staging development".split(
    " ",
  ),
);

/** True for texts that are not secret wherever else they stand. */
export function isOrdinary(text: string): boolean {
  return text.length < minSecretLength || ordinary.has(text.toLowerCase());
}

/** Of more parts than this, or of longer texts, only the forms that tools print most are looked for. */
const maxParts = 200;
const maxRareBytes = 16_384;

/** Every text under which a secret's bytes may turn up in a message, longest first, each once. */
export function writtenForms(bytes: Buffer): string[] {
  const forms = new Set<string>();
  const text = asText(bytes);
  const pieces = text === undefined ? [] : textPieces(text);
  if (text !== undefined) addTextForms(forms, text);
  for (const piece of pieces) {
    if (pieces.length <= maxParts) addTextForms(forms, piece);
    else if (!isOrdinary(piece)) forms.add(piece);
  }
  addBinaryForms(forms, bytes);
  return [...forms]
    .filter((form) => form.length >= minSecretLength)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

function asText(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

function addTextForms(forms: Set<string>, text: string): void {
  if (isOrdinary(text)) return;
  forms.add(text);
  const trimmed = text.trim();
  if (!isOrdinary(trimmed)) forms.add(trimmed);
  if (text.length > maxRareBytes) return;
  const json = JSON.stringify(trimmed).slice(1, -1);
  forms.add(json);
  // Go's encoding/json escapes these three for HTML.
  const goJson = json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  forms.add(goJson);
  // JSON inside JSON, and what `%q` and structured logs make of it.
  forms.add(JSON.stringify(json).slice(1, -1));
  forms.add(JSON.stringify(goJson).slice(1, -1));
  forms.add(trimmed.replaceAll("'", "''"));
  forms.add(trimmed.replaceAll("'", "'\\''"));
  forms.add(escapeHtml(trimmed, /[&<>"']/g));
  forms.add(escapeHtml(trimmed, /[&<>"]/g));
  forms.add(escapeHtml(trimmed, /[&<>]/g));
  forms.add(trimmed.replace(/[^\x20-\x7e]/gu, escapeUnicode));
  addUrlForms(forms, trimmed);
  const bytes = Buffer.from(trimmed);
  addBinaryForms(forms, bytes);
}

function addUrlForms(forms: Set<string>, text: string): void {
  try {
    const encoded = encodeURIComponent(text);
    const strict = encoded.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    const query = new URLSearchParams([["", text]]).toString().slice(1);
    for (const written of [encoded, strict, encodeURI(text), query]) {
      forms.add(written);
      forms.add(written.replaceAll("%20", "+"));
      forms.add(written.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
    }
  } catch {
    // A lone surrogate has no URL form.
  }
}

function addBinaryForms(forms: Set<string>, bytes: Buffer): void {
  if (bytes.length < minSecretLength) return;
  const base64 = bytes.toString("base64");
  for (const form of [base64, bytes.toString("base64url")]) {
    forms.add(form);
    forms.add(form.replace(/=+$/, ""));
  }
  if (bytes.length > maxRareBytes) return;
  forms.add(base64.replaceAll("/", "\\/"));
  forms.add(encodeURIComponent(base64));
  forms.add(Buffer.from(base64).toString("base64").replace(/=+$/, ""));
  forms.add(bytes.toString("hex"));
  forms.add(bytes.toString("hex").toUpperCase());
  // Inside the base64 of a longer text, the same bytes read in one of three ways, by their offset.
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const whole = Math.floor((shifted.length * 8) / 6);
    const core = shifted.toString("base64").slice(shift === 0 ? 0 : shift + 1, whole);
    forms.add(core);
    forms.add(core.replaceAll("+", "-").replaceAll("/", "_"));
  }
}

function escapeHtml(text: string, which: RegExp): string {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return text.replace(which, (c) => names[c] as string);
}

function escapeUnicode(character: string): string {
  return [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Parts of a secret that are secret by themselves: its lines, the passwords in URLs, JSON and KEY=VALUE lines. */
function textPieces(text: string): string[] {
  const pieces: string[] = [];
  const lines = text.split(/[\r\n]+/);
  for (const line of lines) {
    const trimmed = line.trim();
    if (lines.length > 1 && !isStructure(trimmed)) pieces.push(trimmed);
    const pair = /^(?:export\s+)?["']?([\w.-]+)["']?\s*[:=]\s*(.+?),?$/.exec(trimmed);
    if (pair && isSensitiveName(pair[1] as string))
      pieces.push((pair[2] as string).replace(/^(["'])(.*)\1$/, "$2"));
  }
  for (const match of text.matchAll(/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]{0,256}:([^\s/@]{1,1024})@/gi)) {
    pieces.push(match[1] as string, decodeUrl(match[1] as string));
  }
  if (/^\s*[[{]/.test(text)) pieces.push(...jsonPieces(text));
  return pieces;
}

/** Lines that say nothing of the secret: armour, brackets, YAML keys without a value. */
function isStructure(line: string): boolean {
  return /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$|^[\w.-]+:\s*[|>]?[-+]?$|^[[\]{}(),;\s-]*$|^#/.test(line);
}

function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function jsonPieces(text: string): string[] {
  const pieces: string[] = [];
  try {
    JSON.parse(text, (name, value) => {
      if (typeof value !== "string" || !isSensitiveName(name)) return value;
      pieces.push(value);
      // Docker's `auth` is the base64 of user:password.
      if (name === "auth")
        pieces.push(
          Buffer.from(value, "base64")
            .toString("utf8")
            .replace(/^[^:]*:/, ""),
        );
      return value;
    });
  } catch {
    // Not JSON: its lines were taken above.
  }
  return pieces;
}
