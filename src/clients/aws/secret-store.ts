import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isCoded } from '../../errors/coded-error.ts';
import { type AwsAddress, callAws, requestOptions, sdkOptions } from './connection.ts';
import type { SecretStore } from './secret-store-port.ts';

const ARN_REGION = /^arn:[^:]+:secretsmanager:([^:]+):/;

/** The process's region is the standard AWS_REGION; without it a name cannot be looked up, an ARN can. */
export function createSecretStore(address: AwsAddress = {}, region = process.env.AWS_REGION): SecretStore {
  const clients = new Map<string, SecretsManagerClient>();
  const clientOf = (where: string): SecretsManagerClient => {
    const client = clients.get(where) ?? new SecretsManagerClient(sdkOptions(where, address));
    clients.set(where, client);
    return client;
  };
  return {
    async read(id, signal) {
      const where = ARN_REGION.exec(id)?.[1] ?? region ?? 'us-east-1';
      const call = {
        service: 'secretsmanager',
        operation: 'GetSecretValue',
        object: `secret ${id}`,
        region: where,
        write: false,
      };
      try {
        const read = new GetSecretValueCommand({ SecretId: id });
        const found = await callAws(call, () => clientOf(where).send(read, requestOptions(signal)), signal);
        return found.SecretString ?? undefined;
      } catch (error) {
        if (isCoded(error, 'NotFound')) return undefined;
        throw error;
      }
    },
  };
}
