import type { Closure, Tree } from "@gitops-actions/fleet";

/** Whether a closure accounts for a name, and for the listing of a folder. */
export function coverage(tree: Tree, closure: Closure) {
  const exact = new Set([...closure.files, ...closure.absent]);
  const whole = new Set(closure.directories);
  const above = new Set<string>([""]);
  for (const path of [...exact, ...whole]) for (const parent of parents(path)) above.add(parent);
  const inWhole = (path: string) =>
    whole.has("") || whole.has(path) || parents(path).some((parent) => whole.has(parent));
  return {
    // A folder on the way to something in the closure is one as long as that is there, or is looked for in vain there.
    name: (path: string) =>
      exact.has(path) ||
      inWhole(path) ||
      parents(path).some((parent) => closure.absent.includes(parent)) ||
      (above.has(path) && (path === "" || tree.get(path)?.kind === "directory")),
    listing: inWhole,
  };
}

function parents(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}
