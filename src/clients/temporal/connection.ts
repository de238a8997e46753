/**
 * Connections by the standard Temporal settings: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*,
 * and the profiles of temporal.toml (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE). Nothing of it is Mainstay's own, so that
 * Temporal Cloud needs settings only.
 */
import { Connection } from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { CodedError } from '../../errors/coded-error.ts';

/** The longest wait for a server that does not answer. */
export const CONNECT_TIMEOUT_MS = 5_000;

export interface TemporalAddress {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
}

export interface TemporalSettings extends TemporalAddress {
  readonly options: ClientConnectConfig['connectionOptions'];
}

export interface ConnectOptions {
  /** Else the environment of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

/** Throws InvalidInput when a profile does not exist or temporal.toml cannot be read. */
export function temporalSettings(environment?: Readonly<Record<string, string | undefined>>): TemporalSettings {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig(
      environment === undefined ? {} : { overrideEnvVars: definedOnly(environment) },
    );
    const address = connectionOptions.address ?? '127.0.0.1:7233';
    return { address, namespace: namespace ?? 'default', options: { ...connectionOptions, address } };
  } catch (error) {
    // The SDK trips over a file without any profile; its own words would name none of it.
    const found =
      error instanceof TypeError ? 'a file without [profile.default] or any other profile' : messageOf(error);
    throw new CodedError(
      'InvalidInput',
      `Temporal settings: expected TEMPORAL_* variables and a profile of temporal.toml that can be used, found: ${found}`,
      { cause: error },
    );
  }
}

/** For starters: a connection of the gRPC client. Throws Unavailable within the timeout when no server answers. */
export async function connectClient(
  options: ConnectOptions = {},
): Promise<TemporalAddress & { readonly connection: Connection }> {
  const { address, namespace, options: settings } = temporalSettings(options.environment);
  const timeoutMs = options.timeoutMs ?? CONNECT_TIMEOUT_MS;
  const connecting = Connection.connect({ ...settings, connectTimeout: timeoutMs });
  return { address, namespace, connection: await bounded(connecting, { address, namespace }, timeoutMs) };
}

/**
 * Waits no longer than the timeout, whatever the SDK does (its native core retries for longer than a person waits). A
 * connection that comes too late is closed again. Throws Unavailable, with the address and what to do.
 */
export async function bounded<C extends { close(): Promise<void> }>(
  connecting: Promise<C>,
  target: TemporalAddress,
  timeoutMs: number,
): Promise<C> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), timeoutMs + 100);
  });
  try {
    return await Promise.race([connecting, expired]);
  } catch (error) {
    void connecting.then((late) => late.close()).catch(() => undefined);
    throw away(target, timeoutMs, error);
  } finally {
    clearTimeout(timer);
  }
}

function away({ address, namespace }: TemporalAddress, timeoutMs: number, error: unknown): CodedError {
  return new CodedError(
    'Unavailable',
    `Temporal server ${address} (namespace ${namespace}): expected a connection within ${timeoutMs / 1000} s, found: ${messageOf(error)}. ` +
      'Start one for yourself with "temporal server start-dev", or say where it is with TEMPORAL_ADDRESS=host:port or TEMPORAL_PROFILE',
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}

function definedOnly(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
