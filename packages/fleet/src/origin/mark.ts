import type { Json } from "@gitops-actions/manifest";
import type { SourceText } from "./text.ts";

/** One value a person can edit: where it stands, and what it is. */
export interface Leaf {
  text: SourceText;
  /** Lines and columns count from 1. */
  line: number;
  column: number;
  precision: "exact" | "near";
  value: Json;
  /** Where it stands among the documents of its text; absent for a line of an env file and for a whole file. */
  field?: { document: number; pointer: string };
}

/**
 * Marks: what is put into the copy of a file that the tool renders, so that the output says which value each field was
 * made from. A text gets a mark behind it; a whole number becomes another whole number, because some places want one.
 */
export interface Marks {
  /** What stands in for a text, number or boolean. */
  replace(leaf: Leaf): string | number;
  /** The value as it is without marks, and the leaves that it was made from, in the order of their marks. */
  read(value: Json): { value: Json; leaves: Leaf[] };
}

/**
 * New marks; `salt` is hexadecimal, at least eight digits, and keeps them from being mistaken for anything else.
 * `images` are the names that kustomizations look for: such an image gets its mark as a tag, so that it is still found.
 */
export function createMarks(salt: string, images: ReadonlySet<string> = new Set()): Marks {
  const leaves: Leaf[] = [];
  // kustomize takes a name for a regular expression; we take none from a repository.
  const anyImage = [...images].some((name) => /[*+?()|[\]^$\\]/.test(name));
  const isTagged = (value: string) => isUntagged(value) && (anyImage || images.has(value));
  const letters = `z${salt.slice(0, 6)}z`;
  const digits = `7${String(Number.parseInt(salt.slice(0, 8), 16) % 100_000).padStart(5, "0")}`;
  const pattern = new RegExp(`(:?)${letters}(\\d+)z|${digits}(\\d{7})`, "g");
  const leafOf = (match: RegExpMatchArray): Leaf | undefined => leaves[Number(match[2] ?? match[3])];
  return {
    replace(leaf) {
      const id = leaves.push(leaf) - 1;
      const { value } = leaf;
      if (typeof value === "bigint" || Number.isInteger(value))
        return Number(digits + String(id).padStart(7, "0"));
      if (typeof value !== "string") return `${letters}${id}z`;
      // Behind the text, so that what it begins with stays.
      return `${value}${isTagged(value) ? ":" : ""}${letters}${id}z`;
    },
    read(value) {
      if (typeof value !== "string" && typeof value !== "number") return { value, leaves: [] };
      const text = String(value);
      const found = [...text.matchAll(pattern)].filter((match) => leafOf(match));
      const [only] = found;
      const of = found.map((match) => leafOf(match) as Leaf);
      if (only && found.length === 1 && only[0].length === text.length)
        return { value: of[0]!.value, leaves: of };
      let plain = "";
      let at = 0;
      const made: Leaf[] = [];
      for (const [index, match] of found.entries()) {
        const leaf = of[index] as Leaf;
        const own = leaf.value;
        plain += text.slice(at, match.index);
        at = match.index + match[0].length;
        // A colon before a mark is part of it only where the image had no tag; with another name nothing of it is left.
        const untagged = match[1] !== "" && typeof own === "string" && isTagged(own);
        if (!untagged || endsWithName(plain, own)) made.push(leaf);
        plain += (untagged ? "" : (match[1] ?? "")) + (typeof own === "string" ? "" : String(own));
      }
      return { value: found.length === 0 ? value : plain + text.slice(at), leaves: made };
    },
  };
}

function endsWithName(text: string, name: string): boolean {
  return text.endsWith(name) && !/[\w./-]$/.test(text.slice(0, -name.length));
}

/** Whether a text may be an image without tag and digest. */
function isUntagged(value: string): boolean {
  return /^[a-z0-9][a-z0-9._/-]*$/.test(value) && !/[:@]/.test(value.slice(value.lastIndexOf("/") + 1));
}
