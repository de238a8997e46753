/** Decodes what the server keeps as bytes, by the client's own converter, so that encrypted payloads work too. */
import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';

/** First value of a payload list; undefined when there is none or it cannot be read. */
export async function firstValue(client: Client, payloads: readonly Payload[] | null | undefined): Promise<unknown> {
  const first = payloads?.[0];
  if (!first) return undefined;
  const { payloadConverter, payloadCodecs } = client.options.loadedDataConverter;
  try {
    let decoded = [first];
    for (const codec of payloadCodecs.toReversed()) decoded = await codec.decode(decoded);
    const [payload] = decoded;
    return payload ? payloadConverter.fromPayload(payload) : undefined;
  } catch {
    return undefined; // a live number that cannot be read must not hide the rest
  }
}
