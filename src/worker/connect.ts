/** What the worker needs of the Temporal server: connections that are there within seconds, and a namespace that exists. */
import { Client, type Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { connectClient } from '../clients/temporal/connection.ts';
import { connectNative } from '../clients/temporal/native-connection.ts';
import { CodedError } from '../errors/coded-error.ts';

export interface WorkerConnections {
  readonly address: string;
  readonly namespace: string;
  readonly native: NativeConnection;
  readonly connection: Connection;
  readonly client: Client;
  close(): Promise<void>;
}

/** Throws a CodedError within seconds: Unavailable without a server, NotFound without the namespace. */
export async function connectWorker(): Promise<WorkerConnections> {
  const { connection, address, namespace } = await connectClient();
  try {
    await checkNamespace(connection, address, namespace);
    const { connection: native } = await connectNative();
    const close = async (): Promise<void> => {
      await Promise.all([connection.close(), native.close()]);
    };
    return { address, namespace, native, connection, client: new Client({ connection, namespace }), close };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

const GRPC_NOT_FOUND = 5;

/** A worker of a namespace that does not exist would poll and be refused, in words that name neither. */
async function checkNamespace(connection: Client['connection'], address: string, namespace: string): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + 5_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    // Other refusals may be a matter of rights for this one question: the workers will tell.
    if ((error as { readonly code?: unknown }).code !== GRPC_NOT_FOUND) return;
    throw new CodedError(
      'NotFound',
      `Temporal server ${address}: has no namespace ${namespace}; set TEMPORAL_NAMESPACE to one that exists ` +
        '(temporal operator namespace list)',
      { cause: error },
    );
  }
}
