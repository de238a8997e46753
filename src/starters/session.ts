/** A connection to the Temporal server for one command: every call bounded, every failure told with what to do. */
import { Client, type Connection, isGrpcServiceError } from '@temporalio/client';
import { connectClient, temporalSettings } from '../clients/temporal/connection.ts';
import { isCoded } from '../errors/coded-error.ts';
import { CommandError } from './command-error.ts';

/** Longest time that a person waits for a server that does not answer. */
export const CALL_TIMEOUT_MS = 5_000;

export interface Session {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  readonly address: string;
  close(): Promise<void>;
}

/** Connects by the standard Temporal settings; throws a CommandError within `CALL_TIMEOUT_MS`. */
export async function openSession(): Promise<Session> {
  try {
    const { connection, address, namespace } = await connectClient({ timeoutMs: CALL_TIMEOUT_MS });
    const client = new Client({ connection, namespace });
    return { client, connection, namespace, address, close: () => connection.close() };
  } catch (error) {
    if (!isCoded(error)) throw error;
    if (error.code === 'InvalidInput') {
      throw new CommandError('usage', error.message, [
        'look at TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and temporal.toml',
      ]);
    }
    throw serverAway(temporalSettings().address, error.cause);
  }
}

/** Runs one call to the server with a deadline; what the server's absence means is told in one place. */
export async function call<T>(session: Session, run: () => Promise<T>, timeoutMs = CALL_TIMEOUT_MS): Promise<T> {
  try {
    return await session.connection.withDeadline(Date.now() + timeoutMs, run);
  } catch (error) {
    throw translated(session, error);
  }
}

function translated(session: Session, error: unknown): unknown {
  const cause = grpcCause(error);
  if (!cause) return error;
  if (cause.code === GRPC.unavailable || cause.code === GRPC.deadlineExceeded)
    return serverAway(session.address, cause);
  if (cause.code === GRPC.notFound && /namespace/i.test(cause.details)) {
    return new CommandError('unavailable', `Temporal at ${session.address} has no namespace ${session.namespace}`, [
      'set TEMPORAL_NAMESPACE to one that exists: temporal operator namespace list',
    ]);
  }
  if (cause.code === GRPC.permissionDenied || cause.code === GRPC.unauthenticated) {
    return new CommandError('unavailable', `Temporal at ${session.address} does not let us in: ${cause.details}`, [
      'look at TEMPORAL_API_KEY, or the certificate in the profile of temporal.toml',
    ]);
  }
  return error;
}

/** Status codes of gRPC that mean something to a person here. */
const GRPC = { deadlineExceeded: 4, notFound: 5, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const;

interface GrpcCause {
  readonly code: number;
  readonly details: string;
}

/** The SDK wraps gRPC errors, sometimes twice. */
export function grpcCause(error: unknown): GrpcCause | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return { code: current.code, details: current.details };
  }
  return undefined;
}

export function isDeadline(error: unknown): boolean {
  const cause = grpcCause(error);
  return cause?.code === GRPC.deadlineExceeded || (error instanceof Error && error.name === 'TimeoutError');
}

function serverAway(address: string, error: unknown): CommandError {
  return new CommandError('unavailable', `no Temporal server answers at ${address} (${messageOf(error)})`, [
    'start one for yourself: temporal server start-dev',
    'or say where it is: TEMPORAL_ADDRESS=host:port, or TEMPORAL_PROFILE of your temporal.toml',
    'or see everything at work without one: npm run demo',
  ]);
}

export function messageOf(error: unknown): string {
  const cause = grpcCause(error);
  if (cause) return cause.details === '' ? `gRPC code ${cause.code}` : cause.details;
  return error instanceof Error ? error.message : String(error);
}
