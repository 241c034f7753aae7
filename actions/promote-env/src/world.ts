import type { Event, Host } from "@gitops-actions/action";
import type { Progress } from "@gitops-actions/engine";
import type { Forge } from "./forge.ts";

/** What a run is given besides its inputs. */
export interface PromoteWorld {
  host: Host;
  event?: Event;
  progress: Progress;
  signal: AbortSignal;
  /** Random bytes with which Secret values are compared when a change is rendered; never kept. */
  secretKey: Uint8Array;
  /** GitHub, where a token was given. */
  forge?: Forge;
}
