/** DNS names as Route 53 keeps and orders them. */

/**
 * Lower case, with the dot at the end; every character but letters, digits, `-`, `_` and `.` as its octal code, as the
 * service answers them: `*` is `\052`.
 */
export function normalName(name: string): string {
  const plain = name.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  const escaped = plain.toLowerCase().replaceAll(/[^a-z0-9\-_.]/g, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\${code.toString(8).padStart(3, '0')}`;
  });
  return escaped.endsWith('.') ? escaped : `${escaped}.`;
}

/** Why it is no name; undefined when it is one. */
export function problemOfName(name: string): string | undefined {
  const normal = normalName(name);
  if (normal === '.') return 'DomainLabelEmpty (Domain label is empty)';
  if (normal.length > 256) return 'DomainNameTooLong (Domain name is too long)';
  const labels = normal.slice(0, -1).split('.');
  if (labels.some((label) => label === '')) return 'DomainLabelEmpty (Domain label is empty)';
  if (labels.some((label) => label.length > 63)) return 'DomainLabelTooLong (Domain label is too long)';
  return undefined;
}

/** By this they are ordered: `www.example.com.` is `com.example.www.` */
export function reversedName(name: string): string {
  return `${normalName(name).slice(0, -1).split('.').toReversed().join('.')}.`;
}

/** ASCII order. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export function isWithin(name: string, zone: string): boolean {
  const normal = normalName(name);
  return normal === zone || normal.endsWith(`.${zone}`);
}
