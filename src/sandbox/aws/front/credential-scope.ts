import type { IncomingHttpHeaders } from 'node:http';

/** Who asks what of whom: the only part of a signature that the sandbox reads. */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

const HEADER = /^AWS4-(?:HMAC-SHA256|ECDSA-P256-SHA256)\s+.*?\bCredential=([^,\s]+)/;

/**
 * The scope in the Authorization header, or in the query of a presigned URL. Undefined when there is none; `malformed`
 * when there is one that cannot be read. Signatures are not verified: any key is accepted.
 */
export function credentialScope(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): CredentialScope | 'malformed' | undefined {
  const { authorization } = headers;
  const presigned = query.get('X-Amz-Credential');
  if (authorization === undefined && presigned === null) return undefined;
  const credential = authorization === undefined ? presigned : HEADER.exec(authorization)?.[1];
  const parts = credential?.split('/') ?? [];
  // An access key may itself hold a slash; what follows it has four parts.
  const [service, terminator] = parts.slice(-2);
  const [date, region] = parts.slice(-4, -2);
  const accessKeyId = parts.slice(0, -4).join('/');
  if (!accessKeyId || !date || region === undefined || !service || terminator !== 'aws4_request') return 'malformed';
  return { accessKeyId, region, service };
}
