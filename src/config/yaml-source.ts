/** A YAML file as one value, with the line of every path in it. */
import {
  LineCounter,
  type Node,
  type Pair,
  type YAMLError,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml';
import type { PathSegment, Problem } from '../core/model/problem.ts';

export interface YamlSource {
  readonly value: unknown;
  /** Line (from 1) of the value at a path; of its nearest parent when nothing stands there. */
  lineOf(path: readonly PathSegment[]): number | undefined;
}

/** Aliases may repeat an anchor this often; more is a file made to exhaust memory. */
const MOST_ALIASES = 100;

/** Reads one document; syntax errors, keys given twice, unknown tags and several documents are problems. */
export function readYaml(text: string): { readonly source: YamlSource } | { readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', merge: false });
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0)
    return { problems: errors.map((error) => yamlProblem(error, lines.linePos(error.pos[0]).line)) };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    const root = isNode(document.contents) ? document.contents : undefined;
    return { source: { value, lineOf: (path) => lineOf(root, path, lines) } };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { problems: [{ path: '', expected: `aliases of known anchors, at most ${MOST_ALIASES}`, found }] };
  }
}

function yamlProblem(error: YAMLError, line: number): Problem {
  const found = error.message.replaceAll(/\s+/g, ' ');
  return { path: '', expected: YAML_EXPECTED[error.code] ?? 'well-formed YAML', found, line };
}

const YAML_EXPECTED: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'every key once',
  MULTIPLE_DOCS: 'one YAML document',
  // `fail: > 5%` begins a folded block: the usual slip with bounds.
  UNEXPECTED_TOKEN: 'well-formed YAML (a value that begins with > must stand in quotes: "> 5%")',
  TAB_AS_INDENT: 'indentation by spaces',
};

function lineOf(root: Node | undefined, path: readonly PathSegment[], lines: LineCounter): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const segment of path) {
    const place = child(isAlias(node) ? resolveAlias(node, root) : node, segment);
    if (place === undefined) break;
    node = place.value;
    offset = place.offset ?? offset;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function child(node: unknown, segment: PathSegment): { value: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item: Pair) => keyText(item.key) === String(segment));
    return pair && { value: pair.value, offset: isNode(pair.key) ? pair.key.range?.[0] : undefined };
  }
  if (isSeq(node) && typeof segment === 'number' && segment < node.items.length) {
    const item: unknown = node.items[segment];
    return { value: item, offset: isNode(item) ? item.range?.[0] : undefined };
  }
  return undefined;
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function resolveAlias(alias: Node, root: Node | undefined): unknown {
  const name = isAlias(alias) ? alias.source : undefined;
  return name === undefined || root === undefined ? undefined : findAnchor(root, name);
}

function findAnchor(node: unknown, name: string): unknown {
  if (isNode(node) && 'anchor' in node && node.anchor === name) return node;
  const children: unknown[] = isMap(node) ? node.items.map((item: Pair) => item.value) : isSeq(node) ? node.items : [];
  for (const item of children) {
    const found = findAnchor(item, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
