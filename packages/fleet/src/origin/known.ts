import type { Resource } from "@gitops-actions/manifest";
import type { Inflated } from "./inflation.ts";
import type { Unmarked } from "./plainvalue.ts";
import type { KustomizeTexts } from "./texts.ts";
import type { TracedResource } from "./trace.ts";

/** What is known of one resource when a field without a mark is asked for. */
export interface Known {
  resource: Resource;
  traced: TracedResource;
  unmarked: Unmarked;
  texts: KustomizeTexts;
  inflated: Inflated;
}
