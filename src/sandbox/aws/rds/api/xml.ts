/** Answers of the AWS Query protocol. */
import { escapeXml } from '../../front/error-reply.ts';

/** A list tells the name of its members. */
export class XmlList {
  readonly member: string;
  readonly items: readonly XmlValue[];

  constructor(member: string, items: readonly XmlValue[]) {
    this.member = member;
    this.items = items;
  }
}

export type XmlValue = string | number | boolean | Date | XmlList | XmlObject | undefined;
/** Elements in their order; an undefined one is left out. */
export interface XmlObject {
  readonly [name: string]: XmlValue;
}

export function list(member: string, items: readonly XmlValue[]): XmlList {
  return new XmlList(member, items);
}

const NAMESPACE = 'http://rds.amazonaws.com/doc/2014-10-31/';

/** The document of an operation; `result` undefined for operations that answer nothing. */
export function responseXml(operation: string, result: XmlObject | undefined, requestId: string): string {
  const inner = result === undefined ? '' : element(`${operation}Result`, result);
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  return `<${operation}Response xmlns="${NAMESPACE}">${inner}${metadata}</${operation}Response>`;
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  const inner = content(value);
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`;
}

function content(value: Exclude<XmlValue, undefined>): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof XmlList) return value.items.map((item) => element(value.member, item)).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, inner]) => element(name, inner))
      .join('');
  }
  return escapeXml(String(value));
}
