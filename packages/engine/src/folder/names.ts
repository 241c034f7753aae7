import type { Gap } from "@gitops-actions/fleet";
import { isPortableName, quoteName } from "../git/name.ts";

/** NAME_MAX of common file systems; PATH_MAX is 4096, and the path stands below folders of ours. */
const longestName = 255;
const longestPath = 2048;

/** Why a path must not be made on a disk; undefined when it may. */
export function refusedName(path: string): Gap | undefined {
  const refuse = (code: string, why: string): Gap => ({ code, message: `${quoteName(path)} ${why}` });
  if (!isPortableName(path)) return refuse("name", "is not valid UTF-8 and cannot be given to the tools");
  if (path.startsWith("/") || path.includes("\0"))
    return refuse("escape", "is not a path inside the repository");
  if (Buffer.byteLength(path) > longestPath)
    return refuse("name", `is longer than ${longestPath} bytes, which disks do not take`);
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..")
      return refuse("escape", "is not a path inside the repository");
    if (Buffer.byteLength(part) > longestName)
      return refuse("name", `has a name of more than ${longestName} bytes, which disks do not take`);
    if (part.toLowerCase() === ".git") return refuse("escape", "lies in a folder named .git");
  }
  return undefined;
}

/** The first two of these paths (and the folders above them) that are one name where upper and lower case are the same. */
export function caseClash(paths: Iterable<string>): Gap | undefined {
  const seen = new Map<string, string>();
  for (const path of paths) {
    for (let at = path; at !== ""; at = at.slice(0, Math.max(at.lastIndexOf("/"), 0))) {
      const folded = at.normalize("NFC").toLowerCase();
      const other = seen.get(folded);
      if (other === at) break;
      if (other !== undefined) {
        const message = `${quoteName(other)} and ${quoteName(at)} are the same name on a disk that ignores case; rename one`;
        return { code: "case-clash", message, location: { path, line: 1, precision: "near", via: [] } };
      }
      seen.set(folded, at);
    }
  }
  return undefined;
}
