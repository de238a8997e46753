import type { FaultRule } from '../cluster/node/pod-faults.ts';
import type { Registry } from '../registry/server.ts';
import { InvalidFault, type ServiceFault } from './fault.ts';

/** Repository of the example company's image in the sandbox's registry. */
const REPOSITORY = 'crm-api';

/** Faults of services as rules for the node agent. Throws InvalidFault for a version that the registry lacks. */
export async function serviceFaultRules(faults: readonly ServiceFault[], registry: Registry): Promise<FaultRule[]> {
  const tags = await registry.tags(REPOSITORY);
  return faults.map(({ namespace, version, selector, errorRatio, latencyMs, crash, noMetrics }) => {
    const imageDigest = version === undefined ? undefined : tags.get(version);
    if (version !== undefined && imageDigest === undefined) {
      const known = [...tags.keys()].join(', ') || 'none';
      throw new InvalidFault(`version: ${version} is not in the registry; it has ${known}`);
    }
    return {
      namespace,
      ...(imageDigest === undefined ? {} : { imageDigest }),
      ...(selector === undefined ? {} : { labelSelector: parseLabels(selector) }),
      fault: {
        ...(errorRatio === undefined ? {} : { errorRatio }),
        ...(latencyMs === undefined ? {} : { latencyMs }),
        ...(crash ? { crash } : {}),
        ...(noMetrics ? { noMetrics } : {}),
      },
    };
  });
}

/** `key=value,key=value`. Throws InvalidFault. */
export function parseLabels(selector: string): Record<string, string> {
  const pairs = selector.split(',').map((pair) => /^\s*([^=!\s]+)={1,2}([^=\s]*)\s*$/.exec(pair));
  return Object.fromEntries(
    pairs.map((pair) => {
      if (!pair?.[1]) throw new InvalidFault(`selector: expected key=value,key=value, got ${selector}`);
      return [pair[1], pair[2] ?? ''];
    }),
  );
}
