import { needed } from "../../scripts/servers/control-plane.ts";
import { kubernetes } from "../../scripts/servers/programs.ts";

export { type ControlPlane, startControlPlane } from "../../scripts/servers/control-plane.ts";

/** Path of the kubectl whose version is the API server's. */
export function kubectlPath(): string {
  return needed(kubernetes("kubectl"));
}
