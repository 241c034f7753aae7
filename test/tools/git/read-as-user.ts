// Started by tree.test.ts as another user: prints why the untracked secret.yaml of a working tree cannot be read.
import { openRepository, workingTree } from "@gitops-actions/engine";

const [root = "."] = process.argv.slice(2);
const tempDir = process.env.TMPDIR ?? "";
const machine = { env: process.env, cwd: root, cacheDir: tempDir, tempDir, cores: 1 };
const repository = await openRepository(root, machine);
const tree = await workingTree(repository);
const said = await tree.read("secret.yaml").then(String, (error) => `${error.code} ${error.message}`);
await repository.close();
process.stdout.write(`${said}\n`);
