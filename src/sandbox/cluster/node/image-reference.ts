/** A parsed image name. At least one of tag and digest is set; the digest wins. */
export interface ImageReference {
  /** `host` or `host:port` of the registry. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:<64 hex>` */
  readonly digest: string | undefined;
}

const PATTERN =
  /^(?:([a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)\/)?([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/**
 * Parses `[host[:port]/]repository[:tag][@sha256:...]`. As everywhere, a first part without dot or port that is not
 * `localhost` belongs to the repository. A name without registry is looked for at `defaultRegistry`.
 *
 * @throws Error when the name is malformed or names no registry and there is no default.
 */
export function parseImageReference(image: string, defaultRegistry?: string): ImageReference {
  const match = PATTERN.exec(image);
  if (!match) throw new Error(`image ${JSON.stringify(image)}: expected [host/]repository[:tag][@sha256:<64 hex>]`);
  const [, first, rest = '', tag, digest] = match;
  const isHost = first !== undefined && (/[.:[]/.test(first) || first === 'localhost');
  const registry = isHost ? first : defaultRegistry;
  if (!registry) throw new Error(`image ${JSON.stringify(image)}: names no registry and no default one is set`);
  const repository = isHost || first === undefined ? rest : `${first}/${rest}`;
  return { registry, repository, tag: tag ?? (digest ? undefined : 'latest'), digest };
}

/** True when the name must be looked up at the registry again although an image of that name is here. */
export function mustPullAlways(reference: ImageReference, policy: string | undefined): boolean {
  if (policy) return policy === 'Always';
  return !reference.digest && reference.tag === 'latest';
}
