import type { AwsAddress } from './connection.ts';
import type { ObjectStore } from './object-store-port.ts';
import type { AwsClients } from './port.ts';
import type { RdsClient } from './rds-port.ts';
import type { SecretStore } from './secret-store-port.ts';

/** The SDK is loaded at the first call: it costs more than half a second, and most workers never ask AWS anything. */
export function createAwsClients(address: AwsAddress = {}): AwsClients {
  const rds = new Map<string, RdsClient>();
  const objects = new Map<string, ObjectStore>();
  return {
    rds: (region) =>
      kept(rds, region, () =>
        lazily({ region }, async () => (await import('./rds-client.ts')).createRdsClient(region, address)),
      ),
    objects: (region) =>
      kept(objects, region, () =>
        lazily({ region }, async () => (await import('./object-store.ts')).createObjectStore(region, address)),
      ),
    secrets: lazily<SecretStore>({}, async () => (await import('./secret-store.ts')).createSecretStore(address)),
  };
}

function kept<T>(all: Map<string, T>, region: string, make: () => T): T {
  const found = all.get(region);
  if (found !== undefined) return found;
  const made = make();
  all.set(region, made);
  return made;
}

/** Stands for a client whose every method answers a promise; `known` is what can be told before it is there. */
function lazily<T extends object>(known: Partial<T>, load: () => Promise<T>): T {
  let loading: Promise<T> | undefined;
  return new Proxy(known as T, {
    get(target, name) {
      // A promise asks everything whether it is one.
      if (name === 'then' || typeof name === 'symbol') return undefined;
      if (Object.hasOwn(target, name)) return Reflect.get(target, name) as unknown;
      return async (...input: unknown[]): Promise<unknown> => {
        loading ??= load();
        const client = await loading;
        const method = Reflect.get(client, name) as (...given: unknown[]) => Promise<unknown>;
        return method.apply(client, input);
      };
    },
  });
}
