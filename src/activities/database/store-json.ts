import type { ObjectStore } from '../../clients/aws/object-store-port.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import { awsKindOf } from '../../errors/classify-aws.ts';

export interface StoredJson {
  readonly manifest: ObjectReference;
  /** It cannot be deleted before the time that was asked for. */
  readonly locked: boolean;
}

/**
 * A write under a name that its content gives: to repeat it changes nothing. Where the bucket has no object lock it is
 * stored without one, and the result says so.
 */
export async function storeJson(
  store: ObjectStore,
  object: { readonly bucket: string; readonly key: string; readonly body: Buffer; readonly lockUntilMs?: number },
): Promise<StoredJson> {
  const { bucket, key, body, lockUntilMs } = object;
  const whole = { bucket, key, body, contentType: 'application/json', encryption: {} };
  const reference = (sha256: string): ObjectReference => ({
    region: store.region,
    bucket,
    key,
    sha256,
    bytes: body.length,
  });
  if (lockUntilMs !== undefined) {
    try {
      const { sha256 } = await store.put({ ...whole, lockUntilMs });
      return { manifest: reference(sha256), locked: true };
    } catch (error) {
      if (awsKindOf(error) !== 'noObjectLock') throw error;
    }
  }
  const { sha256 } = await store.put(whole);
  return { manifest: reference(sha256), locked: false };
}
