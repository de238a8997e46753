/** Apart from connection.ts, because it loads the native core, which a starter does not need. */
import { NativeConnection } from '@temporalio/worker';
import {
  bounded,
  CONNECT_TIMEOUT_MS,
  type ConnectOptions,
  type TemporalAddress,
  temporalSettings,
} from './connection.ts';

/** For the worker: a connection of the native core, which a Client may share. Throws like `connectClient`. */
export async function connectNative(
  options: ConnectOptions = {},
): Promise<TemporalAddress & { readonly connection: NativeConnection }> {
  const { address, namespace, options: settings } = temporalSettings(options.environment);
  const timeoutMs = options.timeoutMs ?? CONNECT_TIMEOUT_MS;
  const connection = await bounded(NativeConnection.connect(settings), { address, namespace }, timeoutMs);
  return { address, namespace, connection };
}
