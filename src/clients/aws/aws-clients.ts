import type { AwsAddress } from './connection.ts';
import { createObjectStore } from './object-store.ts';
import type { AwsClients } from './port.ts';
import { createRdsClient } from './rds-client.ts';
import { createSecretStore } from './secret-store.ts';

export function createAwsClients(address: AwsAddress = {}): AwsClients {
  const rds = new Map<string, ReturnType<typeof createRdsClient>>();
  const objects = new Map<string, ReturnType<typeof createObjectStore>>();
  return {
    rds: (region) => kept(rds, region, () => createRdsClient(region, address)),
    objects: (region) => kept(objects, region, () => createObjectStore(region, address)),
    secrets: createSecretStore(address),
  };
}

function kept<T>(all: Map<string, T>, region: string, make: () => T): T {
  const found = all.get(region);
  if (found !== undefined) return found;
  const made = make();
  all.set(region, made);
  return made;
}
