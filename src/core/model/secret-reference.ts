/** Where a secret is kept. References travel through plans and histories; what they point to never does. */

export type SecretReference =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'k8s'; readonly namespace: string; readonly name: string; readonly key: string }
  | { readonly kind: 'aws-sm'; readonly id: string; readonly key: string };

export const SECRET_REFERENCE_EXPECTED =
  'a secret reference: env:NAME, file:/PATH, k8s:NAMESPACE/NAME/KEY or aws-sm:ID#KEY';

const NAME = '[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?';
const PATTERNS = {
  env: /^env:([A-Za-z_][A-Za-z0-9_]*)$/,
  file: /^file:(.*[^/\s].*)$/,
  k8s: new RegExp(`^k8s:(${NAME})/(${NAME})/([-._A-Za-z0-9]+)$`),
  'aws-sm': /^aws-sm:([A-Za-z0-9/_+=.@:-]+)#([^#\s]+)$/,
} as const;

/** True for a text that means to be a reference: it begins with one of the kinds. */
export function looksLikeSecretReference(text: string): boolean {
  return /^(env|file|k8s|aws-sm):/.test(text);
}

/** Undefined when the text is no reference. A file's path may be relative to the folder of the process. */
export function parseSecretReference(text: string): SecretReference | undefined {
  for (const kind of ['env', 'file', 'k8s', 'aws-sm'] as const) {
    const match = PATTERNS[kind].exec(text);
    if (!match) continue;
    const [, first = '', second = '', third = ''] = match;
    switch (kind) {
      case 'env':
        return { kind, name: first };
      case 'file':
        return { kind, path: first };
      case 'k8s':
        return { kind, namespace: first, name: second, key: third };
      case 'aws-sm':
        return { kind, id: first, key: second };
    }
  }
  return undefined;
}
