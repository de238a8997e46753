import { OciError } from './oci-error.ts';

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** What a request path of the distribution API addresses. */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: string }
  | { readonly kind: 'startUpload'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'unknown' };

/** Repository names contain slashes, so the path is read from its end. Throws NAME_INVALID and TAG_INVALID. */
export function parseRoute(path: string): Route {
  if (path === '/v2' || path === '/v2/') return { kind: 'base' };
  if (!path.startsWith('/v2/')) return { kind: 'unknown' };
  const rest = path.slice('/v2/'.length);
  if (rest === '_catalog') return { kind: 'catalog' };

  const tags = /^(.+)\/tags\/list$/.exec(rest);
  if (tags) return { kind: 'tags', name: parseRepository(tags[1]) };
  const start = /^(.+)\/blobs\/uploads\/?$/.exec(rest);
  if (start) return { kind: 'startUpload', name: parseRepository(start[1]) };
  const upload = /^(.+)\/blobs\/uploads\/([^/]+)$/.exec(rest);
  if (upload) return { kind: 'upload', name: parseRepository(upload[1]), id: upload[2] ?? '' };
  const blob = /^(.+)\/blobs\/([^/]+)$/.exec(rest);
  if (blob) return { kind: 'blob', name: parseRepository(blob[1]), digest: blob[2] ?? '' };
  const manifest = /^(.+)\/manifests\/([^/]+)$/.exec(rest);
  if (manifest) return { kind: 'manifest', name: parseRepository(manifest[1]), reference: manifest[2] ?? '' };
  return { kind: 'unknown' };
}

/** The tag itself, or TAG_INVALID. */
export function parseTag(text: string): string {
  if (TAG.test(text)) return text;
  throw new OciError('TAG_INVALID', `tag ${text} is not 1 to 128 of [a-zA-Z0-9._-]`, { tag: text });
}

/** The repository name itself, or NAME_INVALID. */
export function parseRepository(name = ''): string {
  if (NAME.test(name)) return name;
  throw new OciError('NAME_INVALID', `repository name ${name} is not lower-case path components`, { name });
}
