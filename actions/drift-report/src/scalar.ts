import type { Json } from "@gitops-actions/manifest";
import { isStoredDuration } from "./duration.ts";
import { equalQuantity } from "./quantity.ts";
import type { Shape } from "./shape.ts";

/** Whether the API server holds the same value for both writings of a text, a number or a switch. */
export function equalScalar(desired: Json, live: Json, format: Shape["format"]): boolean {
  if (Object.is(desired, live)) return true;
  if (typeof desired === "object" || typeof live === "object") return false;
  if (format === "quantity") return equalQuantity(String(desired), String(live));
  if (isNumber(desired) && isNumber(live)) return Number(desired) === Number(live);
  if (typeof desired !== "string" || typeof live !== "string") return false;
  if (format === "custom") return isStoredDuration(desired, live);
  if (format === "bytes") return desired.replace(/[\r\n]/g, "") === live.replace(/[\r\n]/g, "");
  return false;
}

function isNumber(value: Json): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
