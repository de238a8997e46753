import { XMLParser } from 'fast-xml-parser';
import { Route53Error } from './route53-error.ts';

/** Elements that are a list whatever their number. */
const LISTS = new Set([
  'Change',
  'ResourceRecord',
  'Tag',
  'ResourceId',
  'ChildHealthCheck',
  'ResettableElementName',
  'ResourceRecordSetProtectionConfig',
  'ResourceRecordSetProtectionKey',
]);
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name, path) => LISTS.has(name) || /\b(?:Regions\.Region|RemoveTagKeys\.Key)$/.test(String(path)),
});

/** What a request says, as elements by name; an empty one is an empty string. */
export type Node = { readonly [name: string]: Node | string | readonly (Node | string)[] | undefined };

/** The root element of a request. Throws InvalidInput. */
export function parseRequest(body: Buffer, root: string): Node {
  let parsed: unknown;
  try {
    parsed = parser.parse(body.toString('utf8'));
  } catch {
    throw new Route53Error(400, 'InvalidInput', 'Invalid XML ; the request body cannot be parsed');
  }
  const found = isNode(parsed) ? parsed[root] : undefined;
  if (isNode(found)) return found;
  throw new Route53Error(400, 'InvalidInput', `Invalid XML ; expected an element ${root}`);
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly (Node | string)[] {
  return Array.isArray(value);
}

/** The element of that name within; an empty one when there is none. */
export function child(node: Node, name: string): Node {
  const value = node[name];
  return isNode(value) ? value : {};
}

/** Text of the element of that name; undefined when it is absent or empty. */
export function textOf(node: Node, name: string): string | undefined {
  const value = node[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The items of a list: `<Tags><Tag/>...</Tags>`. */
export function itemsOf(node: Node, list: string, item: string): readonly (Node | string)[] {
  const items = child(node, list)[item];
  return isList(items) ? items : [];
}
