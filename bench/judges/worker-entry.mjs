// A worker thread does not inherit the loader for TypeScript on Node 20: it is registered here first.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
