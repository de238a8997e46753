// A worker that will be killed: starts the build it is told and then does nothing.
import { createLocalBuilds } from '../../../src/clients/build/local-command.ts';
import type { BuildRequest } from '../../../src/clients/build/port.ts';

const [stateDir = '', request = ''] = process.argv.slice(2);
const builds = createLocalBuilds({ stateDir, inherited: process.env });
await builds.start(JSON.parse(request) as BuildRequest);
process.stdout.write('started\n');
setInterval(() => {}, 1000);
