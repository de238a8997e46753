import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { until } from '../../harness/e2e/until.ts';
import type { Wire } from './wire.ts';

const FILE = new URL('./custom-resources.yaml', import.meta.url);
const COLLECTION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const SERVED_MS = 60_000;

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
}

/** Installs the CRDs that go with the kinds of the sandbox; returns when each of them is served. */
export async function installCustomResources(wire: Wire): Promise<void> {
  const definitions = parseAllDocuments(await readFile(FILE, 'utf8')).map((document) => document.toJS() as Definition);
  for (const definition of definitions) {
    const { code, body } = await wire.send({ method: 'POST', path: COLLECTION, body: definition });
    if (code !== 201) throw new Error(`CRD ${definition.metadata.name}: ${code} ${String(body.message)}`);
  }
  for (const { metadata, spec } of definitions) {
    const path = `/apis/${spec.group}/${spec.versions[0]?.name}/${spec.names.plural}`;
    let last: unknown;
    const isServed = async (): Promise<boolean> => {
      const { code, body } = await wire.send({ method: 'GET', path });
      last = code === 200 ? undefined : body.message;
      return code === 200;
    };
    await until(`CRD ${metadata.name} to be served`, isServed, SERVED_MS, () => last);
  }
}
