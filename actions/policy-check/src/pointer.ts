import { joinPointer } from "@gitops-actions/manifest";

/** A field as engines and authors write it (`spec.containers[0].image`, `/spec/containers/0/image/`) as a JSON Pointer. */
export function toPointer(path: string): string | undefined {
  const text = path.trim();
  if (text === "") return undefined;
  const steps = text.startsWith("/") ? text.replace(/\/+$/, "").slice(1).split("/") : dotted(text);
  return steps.length > 0 && steps.every((step) => step !== "") ? joinPointer(steps) : undefined;
}

function dotted(text: string): string[] {
  const steps: string[] = [];
  for (const match of text.matchAll(/\[\s*(?:"([^"]*)"|'([^']*)'|(\d+))\s*\]|([^.[\]]+)/g)) {
    steps.push(match[1] ?? match[2] ?? match[3] ?? match[4]!);
  }
  return steps;
}
