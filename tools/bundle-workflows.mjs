// After the compiler: the workflow code as one file, so that a worker of the package starts without bundling it.
import { writeFileSync } from 'node:fs';
import { bundleWorkflows, PACKAGED } from '../dist/worker/workflow-bundle.js';

writeFileSync(PACKAGED, (await bundleWorkflows()).code);
