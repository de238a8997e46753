/** Every workflow type, by name. This list is the set of types a worker runs. */
export { backUpCache } from './backup/back-up-cache.ts';
export { backUpCluster } from './backup/back-up-cluster.ts';
export { backUpDatabase } from './backup/back-up-database.ts';
export { dumpDatabase } from './backup/dump-database.ts';
export { verifyRestore } from './backup/verify-restore.ts';
export { deployService } from './deployment/deploy-service.ts';
export { restoreService } from './deployment/restore-service.ts';
export { guardOwnership } from './ownership/guard-ownership.ts';
export { ownership } from './ownership/ownership.ts';
export { keepTemporary } from './temporary/keep-temporary.ts';
export { sweepTemporaries } from './temporary/sweep-temporaries.ts';
