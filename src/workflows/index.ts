/** Every workflow type, by name. This list is the set of types a worker runs. */
export { deployService } from './deployment/deploy-service.ts';
export { restoreService } from './deployment/restore-service.ts';
export { guardOwnership } from './ownership/guard-ownership.ts';
export { ownership } from './ownership/ownership.ts';
