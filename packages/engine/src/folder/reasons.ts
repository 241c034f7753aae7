import type { Gap, Resolved } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { quoteName } from "../git/name.ts";
import type { BlobFacts } from "./blobs.ts";
import { codeOf } from "./disk.ts";

/** A link may dangle, since what it leads to may lie outside the closure; it may not leave the repository. */
export function wrongLink(path: string, target: Resolved): Gap | undefined {
  if (target.kind === "escape") return gap(path, "escape", `${target.reason}: it leaves the repository`);
  if (target.kind === "submodule")
    return gap(path, "submodule", `leads into the submodule ${quoteName(target.path)}`);
  return undefined;
}

/** Contents no tool can render from. What merely lies in a chart's folder may be a picture, also one kept in LFS. */
export function wrongContents(path: string, facts: BlobFacts, named: boolean): Gap | undefined {
  if (facts.pointer && (named || !/\.(png|jpe?g|gif|svg|ico|webp|pdf|md|mp4)$/i.test(path))) {
    const help =
      "Fetch its contents (actions/checkout with `lfs: true`, or git lfs pull), or keep it out of LFS";
    return gap(path, "lfs-pointer", `is a Git LFS pointer in place of the file. ${help}`);
  }
  if (facts.binary && /\.ya?ml$/i.test(path)) return gap(path, "binary", "is not text: it holds a NUL byte");
  return undefined;
}

/** What an error in reading or writing one path says of the overlay; whatever is no trouble of that path is thrown on. */
export function reasonFor(path: string, error: unknown): Gap {
  const code = codeOf(error);
  if (error instanceof ToolError) {
    const own = /^(folder\/(unreadable|changed|too-large)|git\/(too-large|object-missing))$/.exec(error.code);
    if (!own) throw error;
    return { code: error.code.slice(error.code.indexOf("/") + 1), message: error.message, ...at(path) };
  }
  if (code === "ENOSPC" || code === "EDQUOT")
    return { code: "disk-full", message: "the disk is full: the files to render from cannot be written" };
  if (code === "EACCES" || code === "EPERM" || code === "ENAMETOOLONG")
    return gap(path, "unwritable", `cannot be written: ${code}`);
  throw error;
}

/** A reason that concerns one path. `what` completes its name to a sentence. */
export function gap(path: string, code: string, what: string): Gap {
  return { code, message: `${quoteName(path)} ${what}`, ...at(path) };
}

/** Where a reason points to. */
export function at(path: string): Pick<Gap, "location"> {
  return { location: { path, line: 1, precision: "near", via: [] } };
}

/** Reasons in an order that does not depend on which file was read first. */
export function sorted(reasons: readonly Gap[]): Gap[] {
  const keyed = reasons.map((reason) => ({
    reason,
    key: `${reason.location?.path ?? ""}\0${reason.code}\0${reason.message}`,
  }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ reason }) => reason);
}
