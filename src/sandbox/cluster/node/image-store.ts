import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageReference, mustPullAlways, parseImageReference } from './image-reference.ts';
import { type Descriptor, fetchBlob, fetchManifest, sha256, type VerifiedManifest } from './image-registry.ts';
import { unpackLayer } from './unpack-layer.ts';

/** The part of an image's config that says how to run it. */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** An image that is verified, unpacked and ready to run. */
export interface LocalImage {
  /** `registry/repository@sha256:...`, as container status reports it. */
  readonly imageId: string;
  /** Digest of what the reference names. */
  readonly digest: string;
  /** Folder that holds the unpacked layers. */
  readonly root: string;
  readonly config: ImageConfig;
}

/** Pulls images into `<folder>/blobs` and unpacks each one once into `<folder>/unpacked`. */
export class ImageStore {
  readonly #folder: string;
  readonly #closing: AbortSignal;
  readonly #defaultRegistry: string | undefined;
  readonly #pulls = new Map<string, Promise<LocalImage>>();
  readonly #known = new Map<string, LocalImage>();

  /** `closing` ends downloads under way. They serve every Pod that waits for the image, so no single Pod ends them. */
  constructor(folder: string, closing: AbortSignal, defaultRegistry?: string) {
    this.#folder = folder;
    this.#closing = closing;
    this.#defaultRegistry = defaultRegistry;
  }

  /** Parses a name against the default registry; throws when it is malformed. */
  parse(image: string): ImageReference {
    return parseImageReference(image, this.#defaultRegistry);
  }

  /**
   * The image under this name, pulled when it is not here or the policy wants the registry asked.
   *
   * @throws Error when the registry does not answer or has no such image, or a digest does not match.
   */
  async pull(image: string, policy: string | undefined): Promise<LocalImage> {
    const reference = this.parse(image);
    const known = this.#known.get(image);
    if (known && !mustPullAlways(reference, policy)) return known;
    const pending = this.#pulls.get(image);
    if (pending) return pending;
    const pull = this.#pull(reference).finally(() => this.#pulls.delete(image));
    this.#pulls.set(image, pull);
    const pulled = await pull;
    this.#known.set(image, pulled);
    return pulled;
  }

  async #pull(reference: ImageReference): Promise<LocalImage> {
    const verified = await fetchManifest(reference, this.#closing);
    const { digest, manifest } = verified;
    const unpacked = join(this.#folder, 'unpacked', digest.slice('sha256:'.length));
    const imageId = `${reference.registry}/${reference.repository}@${digest}`;
    const root = join(unpacked, 'root');
    const configFile = await this.#blob(reference, manifest.config);
    const parsed = JSON.parse(await readFile(configFile, 'utf8')) as ParsedConfig;
    if (!(await exists(join(unpacked, 'complete')))) {
      await this.#unpack(reference, verified, parsed.rootfs?.diff_ids ?? [], unpacked);
    }
    return { imageId, digest, root, config: parsed.config ?? {} };
  }

  async #unpack(
    reference: ImageReference,
    { digest, manifest }: VerifiedManifest,
    diffIds: readonly string[],
    unpacked: string,
  ): Promise<void> {
    const temporary = `${unpacked}.${process.pid}.part`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(join(temporary, 'root'), { recursive: true });
    try {
      for (const [index, layer] of manifest.layers.entries()) {
        const file = await this.#blob(reference, layer);
        const diffId = await unpackLayer(file, layer.mediaType, join(temporary, 'root'));
        const expected = diffIds[index];
        if (expected !== undefined && expected !== diffId) {
          throw new Error(`image ${digest}: layer ${index} unpacks to ${diffId}, the config says ${expected}`);
        }
      }
      await writeFile(join(temporary, 'complete'), '');
      await rm(unpacked, { recursive: true, force: true });
      await rename(temporary, unpacked);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** File of a blob, downloaded when it is not here. A file that was damaged since is fetched anew. */
  async #blob(reference: ImageReference, blob: Descriptor): Promise<string> {
    const folder = join(this.#folder, 'blobs');
    await mkdir(folder, { recursive: true });
    const file = join(folder, blob.digest.slice('sha256:'.length));
    if (await exists(file)) {
      if (sha256(await readFile(file)) === blob.digest) return file;
      await rm(file, { force: true });
    }
    await fetchBlob(reference, blob, file, this.#closing);
    return file;
  }
}

interface ParsedConfig {
  readonly config?: ImageConfig;
  readonly rootfs?: { readonly diff_ids?: readonly string[] };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
