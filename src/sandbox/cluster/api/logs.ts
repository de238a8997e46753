import type { ServerResponse } from 'node:http';
import type { Cluster } from './cluster.ts';
import { ApiError } from './api-error.ts';
import { type ObjectAddress, readObject } from './writes.ts';

export async function serveLog(
  cluster: Cluster,
  address: ObjectAddress,
  _query: URLSearchParams,
  _response: ServerResponse,
): Promise<void> {
  readObject(cluster, address);
  throw new ApiError(501, 'NotImplemented', 'logs are not served yet');
}
