/** How every client of AWS's SDK is set up, and how each of its calls is made. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type AwsCall, awsErrorOf } from '../../errors/classify-aws.ts';

const CONNECT_WITHIN_MS = 4_000;
/** Of one request; a mutation of RDS answers within seconds, the work goes on behind it. */
const REPLY_WITHIN_MS = 15_000;
/** A part of an upload may be 16 MiB over a slow line. */
export const TRANSFER_WITHIN_MS = 120_000;
const MAX_SOCKETS = 50;

export interface AwsAddress {
  /** Of the environment (AWS_ENDPOINT_URL, then AWS's own) when left out; tests give theirs. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * `maxAttempts: 1`: Temporal repeats, with our meaning of each error; three silent attempts of the SDK would send a
 * write twice before anybody looked.
 */
export function sdkOptions(region: string, address: AwsAddress, replyWithinMs: number = REPLY_WITHIN_MS) {
  // It tells users of the command line when a next version of it will need a newer Node: our matter, not theirs.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  return {
    region,
    maxAttempts: 1,
    customUserAgent: 'mainstay',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_WITHIN_MS,
      requestTimeout: replyWithinMs,
      throwOnRequestTimeout: true,
      socketAcquisitionWarningTimeout: replyWithinMs,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
    }),
    ...(address.endpoint !== undefined && { endpoint: address.endpoint }),
    ...(address.credentials && { credentials: address.credentials }),
  };
}

/** One call; what the SDK throws becomes a CodedError, a cancellation stays one. */
export async function callAws<T>(call: AwsCall, run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await run();
  } catch (error) {
    // The SDK throws an AbortError of its own, or the error of the socket that was closed for it.
    if (signal?.aborted) throw signal.reason;
    throw awsErrorOf(call, error);
  }
}

/** `callAws` of one service in one region: what every client asks through. */
export function callerOf(service: AwsCall['service'], region: string) {
  return <T>(
    operation: string,
    object: string,
    write: boolean,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> => callAws({ service, operation, object, region, write }, run, signal);
}

/** The SDK's options of one request. */
export function requestOptions(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
