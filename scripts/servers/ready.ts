// Says where the programs of an API server are: node scripts/run.mjs --tools servers scripts/servers/ready.ts
import { needed } from "./control-plane.ts";
import { programGroups } from "./programs.ts";

for (const program of programGroups.servers) console.log(needed(program));
