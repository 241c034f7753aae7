import { equalJson, type Json } from "@gitops-actions/manifest";

/** Equal, or the same text: kustomize and we may read `yes` or `0x1f` differently. */
export function isAlike(a: Json | undefined, b: Json | undefined): boolean {
  if (equalJson(a, b)) return true;
  return isScalar(a) && isScalar(b) && String(a) === String(b);
}

function isScalar(value: Json | undefined): value is string | number | boolean | bigint {
  return value !== undefined && value !== null && typeof value !== "object";
}

/** A name with prefixes, suffixes or a hash around the one that was written. */
export function contains(rendered: Json | undefined, written: Json | undefined): boolean {
  return (
    typeof rendered === "string" &&
    typeof written === "string" &&
    written !== "" &&
    rendered.includes(written)
  );
}
