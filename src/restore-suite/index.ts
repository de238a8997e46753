/** The restore suite: what a database was, and whether a copy of it is that still. */
import { prepareCopy } from './prepare-copy.ts';
import type { RestoreSuite } from './port.ts';
import { takeManifest } from './take-manifest.ts';
import { verifyDatabase } from './verify-database.ts';

export { prepareCopy, takeManifest, verifyDatabase };

export const restoreSuite: RestoreSuite = { takeManifest, prepareCopy, verifyDatabase };
