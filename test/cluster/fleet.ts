import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "../../scripts/servers/controllers/repository.ts";

const example = join(import.meta.dirname, "../../examples/fleet");

/** Puts the example fleet into a repository, which its controllers then read from `url`. */
export function copyFleet(repository: Repository, url: string): void {
  repository.copy(example, ".");
  rewrite(repository, "clusters/*/*.yaml", (text) =>
    // A chart repository that no network has: what the test sees does not depend on the machine.
    text
      .replaceAll("https://github.com/org/fleet", url)
      .replaceAll("https://traefik.github.io/charts", "http://127.0.0.1:9/charts"),
  );
}

/** The example has a Secret to show what SOPS looks like; nobody has its key. */
export function leaveOutSops(repository: Repository): void {
  rewrite(repository, "apps/storefront/overlays/*/kustomization.yaml", (text) =>
    text.replace("  - session.enc.yaml\n", ""),
  );
  rewrite(repository, "clusters/*/apps.yaml", (text) =>
    text.replace(/ {2}decryption:\n {4}provider: sops\n {4}secretRef:\n {6}name: sops-age\n/, ""),
  );
}

function rewrite({ folder }: Repository, pattern: string, change: (text: string) => string): void {
  for (const path of globSync(pattern, { cwd: folder })) {
    const file = join(folder, path);
    writeFileSync(file, change(readFileSync(file, "utf8")));
  }
}
