// After the compiler: the workflow code as one file for each kind of worker, so that a worker of the package starts without bundling it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [target] = process.argv.slice(2);
const { bundleWorkflows, PACKAGED_NAMES } = await import(pathToFileURL(join(target, 'worker/workflow-bundle.js')).href);
for (const [kind, name] of Object.entries(PACKAGED_NAMES)) {
  writeFileSync(join(target, name), (await bundleWorkflows(kind)).code);
}
