import { escapeXml } from '../front/error-reply.ts';

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

export type Content = string | number | boolean | undefined | readonly Element[];
export type Element = readonly [name: string, content: Content];

/** Elements with a value; those without are left out. */
export function elements(...all: readonly Element[]): readonly Element[] {
  return all.filter(([, content]) => content !== undefined);
}

/** A document with the namespace of the API. */
export function document([name, content]: Element): string {
  return `<?xml version="1.0"?>\n<${name} xmlns="${NAMESPACE}">${inner(content)}</${name}>`;
}

function inner(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeXml(content);
  if (typeof content !== 'object') return String(content);
  return content
    .filter(([, within]) => within !== undefined)
    .map(([name, within]) => `<${name}>${inner(within)}</${name}>`)
    .join('');
}
