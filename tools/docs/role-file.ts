import { fileURLToPath } from 'node:url';
import { KINDS } from '../../src/clients/kubernetes/port.ts';
import { loadCatalogue } from '../../src/config/load-catalogue.ts';
import { roleFile } from '../../src/core/preflight/role-file.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/crm/mainstay.yaml', import.meta.url));

/** The rights of a worker for the example company; `mainstay catalogue rbac` makes the same for one's own. */
export async function exampleRoleFile(): Promise<string> {
  const load = await loadCatalogue({ path: EXAMPLE, environment: {} });
  if (load.outcome !== 'loaded')
    throw new Error(`the example catalogue is not usable: ${JSON.stringify(load.problems)}`);
  return roleFile(load.catalogue, (kind) => KINDS[kind], { account: 'mainstay-worker' });
}
