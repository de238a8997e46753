/** Read side of an OCI image registry: which digest a tag means, and whether a digest is there. */
export interface RegistryClient {
  /**
   * Digest (`sha256:` and 64 hexadecimal digits) that the tag means now.
   *
   * @param repository `host[:port]/name`
   * @throws CodedError NotFound, Forbidden, InvalidInput, Throttled, Unavailable, Timeout, BadResponse, within 5 s
   */
  resolveTag(repository: string, tag: string, signal?: AbortSignal): Promise<string>;
  /** Whether the repository holds the manifest of this digest. Throws as `resolveTag`, but NotFound is `false`. */
  hasDigest(repository: string, digest: string, signal?: AbortSignal): Promise<boolean>;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** Credentials of a registry host, read when its challenge asks for them; undefined is anonymous. */
export type RegistryCredentialsOf = (host: string) => Promise<RegistryCredentials | undefined>;
