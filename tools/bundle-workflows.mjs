// After the compiler: the workflow code as one file, so that a worker of the package starts without bundling it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [target] = process.argv.slice(2);
const { bundleWorkflows } = await import(pathToFileURL(join(target, 'worker/workflow-bundle.js')).href);
writeFileSync(join(target, 'workflow-bundle.js'), (await bundleWorkflows()).code);
