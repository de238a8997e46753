import type { ObjectStore } from './object-store-port.ts';
import type { RdsClient } from './rds-port.ts';
import type { SecretStore } from './secret-store-port.ts';

/** Clients by region, made when first asked for and kept. Addresses and credentials are AWS's own standard settings. */
export interface AwsClients {
  rds(region: string): RdsClient;
  objects(region: string): ObjectStore;
  readonly secrets: SecretStore;
}
